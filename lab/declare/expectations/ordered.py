"""The expectation `ordered`: messages came in the order in which they were sent."""

from __future__ import annotations

from typing import ClassVar, Literal

from lab.declare.addressed import Addressed
from lab.declare.expectations.base import Expectation
from lab.declare.fields import Each


class Ordered(Expectation, Addressed):
    """No message arrived after one that its producer sent later; losses and duplicates are no disorder."""

    claim: ClassVar[str] = "ordered"
    rests_on_messages: ClassVar[bool] = True
    to: Each | None = None
    per: Literal["producer"] = "producer"
