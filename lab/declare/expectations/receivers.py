"""The base class of expectations about received messages."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

from lab.declare.expectations.base import Expectation
from lab.declare.references import EachListener

# How long a lab listens for duplicates after the last expected message, unless an expectation has another time.
QUIET = timedelta(seconds=2)


class ToReceivers(Expectation):
    """An expectation about the messages that some clients, or all subscribers, received."""

    depends_on_messages: ClassVar[bool] = True
    depends_on_sending: ClassVar[bool] = True
    to: EachListener | None = None
    """The clients to check (default: every subscriber of the destination)."""
