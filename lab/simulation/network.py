"""A simulated lab's links and policies, and attempts to connect: two parts of a lab, as `lab.runtime.lab` has them."""

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
from lab.simulation.kernel import SECOND, Kernel
from lab.simulation.tcp.fabric import Fabric
from lab.simulation.tcp.paths import Paths


class Links:
    """The links of one lab."""

    def __init__(self, kernel: Kernel, paths: Paths, links: Sequence[LinkPlan], takes: int = 0) -> None:
        self._kernel, self._paths = kernel, paths
        self._links = {link.name: link for link in links}
        self._takes = takes  # ns from an order to change a link until it is changed

    def change(
        self, link: str, *, leaving: str | None, impairment: Impairment | None, state: LinkState | None
    ) -> Sequence[LinkChanged]:
        """Change a link in one step, after the time that it takes."""
        self._kernel.sleep(self._takes)
        ways = [way for way in self._links[link].directions if leaving in (None, way.leaving)]
        self._paths.change(link, [way.leaving for way in ways], impairment, state)
        directions = self._paths.directions[link]
        return tuple(
            LinkChanged(
                t=self._kernel.now / SECOND,
                link=link,
                leaving=way.leaving,
                reaching=way.reaching,
                state=str(directions[way.leaving].state),
                impairment=impairment_text(directions[way.leaving].impairment),
            )
            for way in ways
        )

    def now(self, link: str) -> tuple[DirectionNow, ...]:
        """Return the current settings of both directions of a link."""
        directions = self._paths.directions[link]
        return tuple(
            DirectionNow(
                link=link,
                leaving=way.leaving,
                reaching=way.reaching,
                setting=Setting(impairment=directions[way.leaving].impairment, state=directions[way.leaving].state),
            )
            for way in self._links[link].directions
        )

    def counters(self) -> Sequence[LinkSeen]:
        """Return the counters of every direction."""
        t, directions = self._kernel.now / SECOND, self._paths.directions
        return tuple(
            link_seen(t, link.name, way, directions[link.name][way.leaving].json())
            for link in self._links.values()
            for way in link.directions
        )


class Policies:
    """The policies of one lab; `network` is the Network that they are of."""

    def __init__(self, kernel: Kernel, fabric: Fabric, network: Network) -> None:
        self._kernel, self._fabric, self.network = kernel, fabric, network

    def apply(self, network: Network) -> PolicyApplied:
        """Replace the policies at once."""
        self._fabric.paths.apply(network)
        self.network, old = network, self.network
        return PolicyApplied(t=self._kernel.now / SECOND, took_ms=0.0, changed=changed(old, network))

    def dropped(self) -> Sequence[PacketsDropped]:
        """Return the packets that policies have dropped."""
        t = self._kernel.now / SECOND
        return tuple(
            PacketsDropped(t=t, source=source, target=target, at=at, cause=cause, packets=packets)
            for (source, target, at, cause), packets in sorted(self._fabric.paths.dropped.items())
        )

    def attempt(self, source: str, target: str, port: int, *, within: float) -> Attempt:
        """Open a connection from an instance, a host or the internet."""
        attempts: list[Attempt] = []

        def end(outcome: str, took: int) -> None:
            attempts.append(Attempt(outcome, took / SECOND))
            self._kernel.notify()

        self._fabric.attempt(source, target, port, nanoseconds(within), end)
        self._kernel.wait(lambda: bool(attempts), None)
        return attempts[0]
