"""The step `revoke-ingress`."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

from lab.declare.fields import Name
from lab.declare.steps.network import OnNetwork
from lab.declare.vpc import InboundRule
from lab.network import security_groups
from lab.network.vpc import Network


class RevokeIngress(OnNetwork, InboundRule):
    """Remove the inbound rule with exactly this protocol, port and source from a group; open connections continue."""

    verb: ClassVar[str] = "revoke-ingress"
    refused_at = "from"
    group: Name
    """The name of the security group."""

    def words(self) -> str:
        """Return the step in one line, for people."""
        return f"let {self.rule().allowed} in from {self.rule().peer} no more by {self.group}"

    def decide(self, network: Network, at: timedelta) -> Network:
        """Return the network after the step."""
        return security_groups.revoke(network, self.group, self.rule())
