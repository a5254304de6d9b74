"""A simulated lab's links and policies, and attempts to connect, as `lab.runtime.lab` has them."""

from __future__ import annotations

from collections.abc import Sequence

from lab.history import LinkChanged, LinkSeen, PacketsDropped, PolicyApplied
from lab.link.impairment import Impairment, LinkState, Setting
from lab.network.changes import changed
from lab.network.link import impairment_text
from lab.network.vpc import Network
from lab.plan.values import LinkPlan
from lab.runtime.lab import Attempt
from lab.runtime.links import link_seen
from lab.runtime.status import DirectionNow
from lab.simulation.clock import nanoseconds
from lab.simulation.hosts import SimulatedHosts
from lab.simulation.kernel import SECOND, Kernel
from lab.simulation.tcp.fabric import Fabric


class SimulatedNetwork:
    """The links and the policies of one lab."""

    def __init__(
        self, kernel: Kernel, fabric: Fabric, links: Sequence[LinkPlan], network: Network, takes: int = 0
    ) -> None:
        self._kernel, self._fabric, self._paths = kernel, fabric, fabric.paths
        self._links = {link.name: link for link in links}
        self._network = network
        self._takes = takes  # ns from an order to change a link until it is changed

    @property
    def _now(self) -> float:
        return self._kernel.now / SECOND

    def change_link(
        self, link: str, *, leaving: str | None, impairment: Impairment | None, state: LinkState | None
    ) -> Sequence[LinkChanged]:
        """Change a link in one step, after the time that it takes."""
        self._kernel.sleep(self._takes)
        ways = [way for way in self._links[link].directions if leaving in (None, way.leaving)]
        self._paths.change(link, [way.leaving for way in ways], impairment, state)
        its = self._paths.directions[link]
        return tuple(
            LinkChanged(
                t=self._now,
                link=link,
                leaving=way.leaving,
                reaching=way.reaching,
                state=str(its[way.leaving].state),
                impairment=impairment_text(its[way.leaving].impairment),
            )
            for way in ways
        )

    def links(self) -> Sequence[LinkSeen]:
        """Return the counters of every direction."""
        t, its = self._now, self._paths.directions
        return tuple(
            link_seen(t, link.name, way, its[link.name][way.leaving].json())
            for link in self._links.values()
            for way in link.directions
        )

    def link_now(self, link: str) -> tuple[DirectionNow, ...]:
        """Return the current settings of both directions of a link."""
        its = self._paths.directions[link]
        return tuple(
            DirectionNow(
                link=link,
                leaving=way.leaving,
                reaching=way.reaching,
                setting=Setting(impairment=its[way.leaving].impairment, state=its[way.leaving].state),
            )
            for way in self._links[link].directions
        )

    def apply_network(self, network: Network) -> PolicyApplied:
        """Replace the policies at once."""
        self._paths.apply(network)
        self._network, old = network, self._network
        return PolicyApplied(t=self._now, took_ms=0.0, changed=changed(old, network))

    def enforce(self, network: Network) -> None:
        """Apply a Network's policies."""
        self.apply_network(network)

    def dropped(self) -> Sequence[PacketsDropped]:
        """Return the packets that policies have dropped."""
        t, found = self._now, self._paths.dropped
        return tuple(
            PacketsDropped(t=t, source=source, target=target, at=at, cause=cause, packets=packets)
            for (source, target, at, cause), packets in sorted(found.items())
        )

    @property
    def hosts(self) -> SimulatedHosts:
        """Return the hosts, in whose places no application can stand."""
        return SimulatedHosts()

    def attempt(self, source: str, target: str, port: int, *, within: float) -> Attempt:
        """Open a connection from an instance, a host or the internet."""
        found: list[Attempt] = []

        def told(how: str, took: int) -> None:
            found.append(Attempt(how, took / SECOND))
            self._kernel.notify()

        self._fabric.attempt(source, target, port, nanoseconds(within), told)
        self._kernel.wait(lambda: bool(found), None)
        return found[0]
