"""The base class of expectations about received messages."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

from lab.declare.expectations.base import Expectation
from lab.declare.references import EachListener

QUIET = timedelta(
    seconds=2
)  # listened for duplicates after the last message expected, unless an expectation says otherwise


class ToReceivers(Expectation):
    """An expectation about the messages that some clients, or all subscribers, received."""

    rests_on_messages: ClassVar[bool] = True
    rests_on_sending: ClassVar[bool] = True
    to: EachListener | None = None
    """The clients to check (default: every subscriber of the destination)."""
