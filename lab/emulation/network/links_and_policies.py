"""An emulated lab's links and policies, and attempts to connect, as `lab.runtime.lab` has them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

from docker.models.containers import Container

from lab.emulation.engine.engine import explaining
from lab.emulation.network import attempts
from lab.emulation.network.links import Links
from lab.emulation.network.policy import policy, read_drops
from lab.emulation.network.router import Router, moment
from lab.emulation.state import InstanceState, LabState
from lab.history import LinkChanged, LinkSeen, PacketsDropped, PolicyApplied
from lab.link.impairment import Impairment, LinkState
from lab.network.changes import changed
from lab.network.vpc import Network
from lab.plan.values import Plan
from lab.runtime.clock import RealClock
from lab.runtime.lab import Attempt
from lab.runtime.status import DirectionNow


@explaining
class EmulatedNetwork:
    """The links and the policies of one lab, which its router has."""

    def __init__(
        self,
        router: Router,
        plan: Plan,
        state: LabState,
        container: Callable[[InstanceState], Container],
        stand_in: Callable[[str], AbstractContextManager[Container]],
        clock: RealClock,
    ) -> None:
        self._router, self._state, self._container, self._clock = router, state, container, clock
        self._stand_in = stand_in
        self._links = Links(router, plan.links, clock)
        self._addresses = {**{its.name: its.address for its in state.instances}, **state.hosts}
        self._network = plan.network

    def change_link(
        self, link: str, *, leaving: str | None, impairment: Impairment | None, state: LinkState | None
    ) -> Sequence[LinkChanged]:
        """Change a link in one step; each change carries the router's own moment."""
        return self._links.change(link, leaving=leaving, impairment=impairment, state=state)

    def links(self) -> Sequence[LinkSeen]:
        """Return the router's counters of every direction."""
        return self._links.seen()

    def link_now(self, link: str) -> tuple[DirectionNow, ...]:
        """Return the current settings of both directions of a link, from the router."""
        return self._links.now(link)

    def apply_network(self, network: Network) -> PolicyApplied:
        """Replace the router's policy in one transaction; the moment is the router's."""
        before = self._clock.now()
        t = moment(self._router.set_policy(policy(network, self._addresses)), before, self._clock)
        self._network, old = network, self._network
        return PolicyApplied(t=t, took_ms=round((t - before) * 1000, 3), changed=changed(old, network))

    def dropped(self) -> Sequence[PacketsDropped]:
        """Return the packets that the router's policies have dropped."""
        return read_drops(self._router.dropped(), self._addresses, self._clock.now())

    def attempt(self, source: str, target: str, port: int, *, within: float) -> Attempt:
        """Open a connection from an instance's container, in a host's place, or from this machine."""
        return attempts.attempt(self._state, self._container, self._stand_in, source, target, port, within, self._clock)
