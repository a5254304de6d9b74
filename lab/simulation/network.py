"""A simulated lab's links and policies, and attempts to connect: two parts of a lab, as `lab.runtime.lab` has them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lab.history import PacketsDropped, PolicyApplied
from lab.link.impairment import Impairment, LinkState, Setting
from lab.network.changes import changed
from lab.network.vpc import Network
from lab.plan.values import LinkPlan
from lab.runtime.lab import Attempt
from lab.runtime.links import PlannedLinks
from lab.simulation.clock import nanoseconds
from lab.simulation.kernel import SECOND, Kernel
from lab.simulation.tcp.fabric import Fabric
from lab.simulation.tcp.paths import Paths


class Links(PlannedLinks):
    """The links of one lab."""

    def __init__(self, kernel: Kernel, paths: Paths, links: Sequence[LinkPlan], takes: int = 0) -> None:
        super().__init__(links, lambda: kernel.now / SECOND)
        self._kernel, self._paths = kernel, paths
        self._takes = takes  # ns from an order to change a link until it is changed

    def _order(
        self, link: str, leaving: Sequence[str], impairment: Impairment | None, state: LinkState | None
    ) -> tuple[float, Mapping[str, Setting]]:
        self._kernel.sleep(self._takes)
        self._paths.change(link, leaving, impairment, state)
        cables = self._paths.directions[link]
        return self._clock(), {region: cables[region].setting for region in leaving}

    def _directions(self, link: str) -> Mapping[str, Mapping[str, Any]]:
        return {region: cable.json() for region, cable in self._paths.directions[link].items()}


class Policies:
    """The policies of one lab; `network` is their Network."""

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
