"""The expectation `recovered`: how soon after a step messages arrive again."""

from __future__ import annotations

from typing import Annotated, ClassVar

from lab.declare.destination_fields import Addressed
from lab.declare.expectations.base import After, Term, is_fault
from lab.declare.expectations.receivers import ToReceivers
from lab.declare.fields import Duration
from lab.declare.references import Reference, Thing


class Recovered(ToReceivers, Addressed):
    """Messages were received again within a time after a step."""

    kind: ClassVar[str] = "recovered"
    after: Annotated[After, Reference(Thing.STEP, kinds=is_fault, instead="name another step")]
    """The step after which `within` begins: its name, or a verb for the last step of this kind."""
    within: Duration
    """The maximum time from the end of step `after` to the next delivery of a message."""

    @property
    def term(self) -> Term | None:
        """Return the time in which the first message must arrive."""
        return Term(self.after, self.within)
