"""The expectation `recovered`: how soon after a step messages came through again."""

from __future__ import annotations

from typing import ClassVar

from lab.declare.addressed import Addressed
from lab.declare.expectations.base import After, Expectation, Term
from lab.declare.fields import Duration, Each


class Recovered(Expectation, Addressed):
    """The first message after a step came through soon enough."""

    claim: ClassVar[str] = "recovered"
    of_messages: ClassVar[bool] = True
    rests_on_messages: ClassVar[bool] = True
    to: Each | None = None  # every subscriber of the destination when left out
    after: After
    within: Duration  # of `after`

    @property
    def term(self) -> Term | None:
        """Return the time that the first message has to come through."""
        return Term(self.after, self.within)
