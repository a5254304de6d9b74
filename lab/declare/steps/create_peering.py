"""The step `create-peering`."""

from __future__ import annotations

from typing import ClassVar

from lab.declare.fields import Name
from lab.declare.steps.network import OnNetwork


class CreatePeering(OnNetwork):
    """A VPC asks another one to peer."""

    verb: ClassVar[str] = "create-peering"
    refused_at = "accepter"
    name: Name
    requester: Name  # the region whose VPC asks
    accepter: Name

    def words(self) -> str:
        """Return the step in one line, for people."""
        return f"{self.requester} asks {self.accepter} for the peering {self.name}"
