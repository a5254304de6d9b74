"""A lab that stands, and what may be done to it: each verb of the cloud decided, done, and kept for whoever comes next.

Commands on a running lab and programs of yours call the same methods; each is a function of `lab.operating`.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Network
from pathlib import Path

from lab.errors import HostError
from lab.network.vpc import Network, Rule
from lab.operating import network as verbs
from lab.runtime.emulation.lab import EmulatedLab
from lab.runtime.emulation.opening import opened_at
from lab.runtime.emulation.state import LabState, update


class Live:
    """A lab that stands. What AWS refuses is an InputError, and has changed nothing."""

    def __init__(self, lab: EmulatedLab, state_folder: Path) -> None:
        self.lab = lab
        self._state_folder = state_folder

    @property
    def network(self) -> Network:
        """Give who may talk to whom now."""
        return self.lab.state.plan.network

    def create_peering(self, name: str, *, requester: str, accepter: str) -> verbs.Changed:
        """Ask a VPC to peer."""
        ends = {"requester": requester, "accepter": accepter}
        return self._passing(verbs.create_peering(self.network, self.lab, name=name, at=self._age, **ends))

    def accept_peering(self, peering: str) -> verbs.Changed:
        """Accept a request."""
        return self._passing(verbs.accept_peering(self.network, self.lab, peering=peering, at=self._age))

    def reject_peering(self, peering: str) -> verbs.Changed:
        """Reject a request."""
        return self._passing(verbs.reject_peering(self.network, self.lab, peering=peering, at=self._age))

    def delete_peering(self, peering: str) -> verbs.Changed:
        """Delete a peering; its routes are blackholes then."""
        return self._passing(verbs.delete_peering(self.network, self.lab, peering=peering, at=self._age))

    def create_route(self, table: str, destination: IPv4Network, peering: str) -> verbs.Changed:
        """Add a route to a peering."""
        to = {"table": table, "peering": peering}
        return self._passing(verbs.create_route(self.network, self.lab, destination=destination, **to))

    def delete_route(self, table: str, destination: IPv4Network) -> verbs.Changed:
        """Take a route away."""
        return self._passing(verbs.delete_route(self.network, self.lab, table=table, destination=destination))

    def authorize_ingress(self, group: str, rule: Rule) -> verbs.Changed:
        """Let something in; it holds at once."""
        return self._passing(verbs.authorize_ingress(self.network, self.lab, group=group, rule=rule))

    def revoke_ingress(self, group: str, rule: Rule) -> verbs.Changed:
        """Let something in no more; connections that are open go on."""
        return self._passing(verbs.revoke_ingress(self.network, self.lab, group=group, rule=rule))

    @property
    def _age(self) -> timedelta:
        """Give how long the lab has stood, whichever process asks: requests expire by it."""
        return datetime.now(UTC) - opened_at(self.lab.state.run)

    def _passing(self, changed: verbs.Changed) -> verbs.Changed:
        self._note(replace(self.lab.state, plan=replace(self.lab.state.plan, network=changed.network)))
        return changed

    def _note(self, state: LabState) -> None:
        """Keep what stands from now on where other programs find it."""
        self.lab.state = state
        if not update(state, self._state_folder):
            raise HostError(f"lab {state.run} has ended meanwhile", "mqlab status shows those that are running")
