"""The expectation `ordered`: messages came in the order in which they were sent."""

from __future__ import annotations

from typing import ClassVar, Literal

from lab.declare.destination_fields import Addressed
from lab.declare.expectations.receivers import ToReceivers


class Ordered(ToReceivers, Addressed):
    """Each subscriber received messages in the order in which their producer sent them."""

    kind: ClassVar[str] = "ordered"
    per: Literal["producer"] = "producer"
    """The scope of the order: messages of one producer to one destination."""
