"""The network's side of a lab that stands: its links, and its VPCs by EC2's verbs; packets follow at once."""

from __future__ import annotations

from ipaddress import IPv4Network

from lab.declare.suggestions import unknown
from lab.errors import InputError
from lab.link.impairment import Impairment, LinkState
from lab.living import words
from lab.living.lab import Standing, in_turn
from lab.network.vpc import Rule
from lab.operating import Done
from lab.operating import network as networks
from lab.plan.values import LinkPlan, Plan
from lab.runtime.status import DirectionNow


class Networked(Standing):
    """A lab whose network may be changed. What AWS refuses is an InputError, and has changed nothing."""

    def links(self) -> tuple[DirectionNow, ...]:
        """Return each direction of each link as the router has it now."""
        _ = self._now
        return tuple(way for link in self.lab.note.plan.links for way in self.lab.link_now(link.name))

    def cut(self, link: str | None = None, *, leaving: str | None = None) -> tuple[DirectionNow, ...]:
        """Drop every packet silently, as a broken cable does; a link need not be named where there is one only."""
        return self.change_link(link, leaving=leaving, state=LinkState.CUT)

    def heal(self, link: str | None = None, *, leaving: str | None = None) -> tuple[DirectionNow, ...]:
        """Let packets pass again, impaired as before."""
        return self.change_link(link, leaving=leaving, state=LinkState.OPEN)

    def reject(self, link: str | None = None, *, leaving: str | None = None) -> tuple[DirectionNow, ...]:
        """Answer every packet as a closed port would."""
        return self.change_link(link, leaving=leaving, state=LinkState.REJECT)

    def impair(
        self, link: str | None = None, *, leaving: str | None = None, **figures: str | None
    ) -> tuple[DirectionNow, ...]:
        """Replace what a link does to packets as a whole: what is not said is not done any more.

        The figures are those of an impairment, as a scenario has them: `delay="80ms", loss="1%", queue_packets="10"`.
        """
        return self.change_link(link, leaving=leaving, impairment=words.impairment(figures))

    @in_turn
    def change_link(
        self,
        link: str | None = None,
        *,
        leaving: str | None = None,
        impairment: Impairment | None = None,
        state: LinkState | None = None,
    ) -> tuple[DirectionNow, ...]:
        """Change a link in one step, in one direction or both, and give it as it is then."""
        its = _link(self.lab.note.plan, link, leaving)
        self.lab.change_link(its.name, leaving=leaving, impairment=impairment, state=state)
        return self.lab.link_now(its.name)

    @in_turn
    def create_peering(self, name: str, *, requester: str, accepter: str) -> Done:
        """Ask a VPC to peer."""
        ends = {"requester": requester, "accepter": accepter}
        return self._kept(networks.create_peering(self._control, self.lab, name=name, at=self._age, **ends))

    @in_turn
    def accept_peering(self, peering: str) -> Done:
        """Accept a request."""
        return self._kept(networks.accept_peering(self._control, self.lab, peering=peering, at=self._age))

    @in_turn
    def reject_peering(self, peering: str) -> Done:
        """Reject a request."""
        return self._kept(networks.reject_peering(self._control, self.lab, peering=peering, at=self._age))

    @in_turn
    def delete_peering(self, peering: str) -> Done:
        """Delete a peering; its routes are blackholes then."""
        return self._kept(networks.delete_peering(self._control, self.lab, peering=peering, at=self._age))

    @in_turn
    def create_route(self, table: str, destination: IPv4Network | str, peering: str) -> Done:
        """Add a route to a peering."""
        to, block = {"table": table, "peering": peering}, words.block(destination, "destination")
        return self._kept(networks.create_route(self._control, self.lab, destination=block, **to))

    @in_turn
    def delete_route(self, table: str, destination: IPv4Network | str) -> Done:
        """Take a route away."""
        block = words.block(destination, "destination")
        return self._kept(networks.delete_route(self._control, self.lab, table=table, destination=block))

    @in_turn
    def authorize_ingress(
        self,
        group: str,
        rule: Rule | None = None,
        *,
        cidr: str | None = None,
        source_group: str | None = None,
        port: int | str | None = None,
        protocol: str = "tcp",
    ) -> Done:
        """Let something in, a rule, or what is said in words; it holds at once."""
        its = rule or _rule(cidr, source_group, port, protocol)
        return self._kept(networks.authorize_ingress(self._control, self.lab, group=group, rule=its))

    @in_turn
    def revoke_ingress(
        self,
        group: str,
        rule: Rule | None = None,
        *,
        cidr: str | None = None,
        source_group: str | None = None,
        port: int | str | None = None,
        protocol: str = "tcp",
    ) -> Done:
        """Let something in no more; connections that are open go on."""
        its = rule or _rule(cidr, source_group, port, protocol)
        return self._kept(networks.revoke_ingress(self._control, self.lab, group=group, rule=its))


def _link(plan: Plan, link: str | None, leaving: str | None) -> LinkPlan:
    """Return the link that is meant."""
    names = [each.name for each in plan.links]
    if link is None and len(names) != 1:
        raise InputError.of("say which link", f"links of this lab: {', '.join(names) or 'none'}")
    if link is not None and link not in names:
        raise InputError([unknown("link", link, names, "links of this lab", None)])
    its = plan.link(link or names[0])
    regions = [way.leaving for way in its.directions]
    if leaving is not None and leaving not in regions:
        raise InputError([unknown("region", leaving, regions, f"regions of {its.name}", None)])
    return its


def _rule(cidr: str | None, group: str | None, port: int | str | None, protocol: str) -> Rule:
    return words.rule(cidr=cidr, group=group, port=None if port is None else str(port), protocol=protocol)
