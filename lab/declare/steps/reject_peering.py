"""The step `reject-peering`."""

from __future__ import annotations

from typing import ClassVar

from lab.declare.fields import Name
from lab.declare.steps.network import OnNetwork


class RejectPeering(OnNetwork):
    """The VPC that was asked refuses."""

    verb: ClassVar[str] = "reject-peering"
    peering: Name

    def words(self) -> str:
        """Return the step in one line, for people."""
        return f"reject the peering {self.peering}"
