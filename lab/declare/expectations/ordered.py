"""The expectation `ordered`: messages came in the order in which they were sent."""

from __future__ import annotations

from typing import ClassVar, Literal

from lab.declare.destination_fields import Addressed
from lab.declare.expectations.receivers import ToReceivers


class Ordered(ToReceivers, Addressed):
    """No message arrived after one that its producer sent later; losses and duplicates are no disorder."""

    kind: ClassVar[str] = "ordered"
    per: Literal["producer"] = "producer"
