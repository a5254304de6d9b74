"""The base of expectations about the messages that receivers got."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

from lab.declare.expectations.base import Expectation
from lab.declare.references import EachListener

QUIET = timedelta(
    seconds=2
)  # listened for duplicates after the last message expected, unless an expectation says otherwise


class ToReceivers(Expectation):
    """An expectation about the messages that some clients received, or all that subscribe."""

    rests_on_messages: ClassVar[bool] = True
    rests_on_sending: ClassVar[bool] = True
    to: EachListener | None = None
    """The clients to check (default: every subscriber of the destination)."""
