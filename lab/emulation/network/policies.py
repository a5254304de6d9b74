"""The policies of a lab, which its router enforces, and attempts to connect."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

from docker.models.containers import Container

from lab.emulation.engine.engine import explaining
from lab.emulation.network import attempts
from lab.emulation.network.policy import policy, read_drops
from lab.emulation.network.router import Router, moment
from lab.emulation.state import InstanceState, LabState
from lab.history import PacketsDropped, PolicyApplied
from lab.network.changes import changed
from lab.network.vpc import Network
from lab.runtime.clock import RealClock
from lab.runtime.lab import Attempt


@explaining
class Policies:
    """The policies of one lab; the router has the policies of `network`."""

    def __init__(
        self,
        router: Router,
        network: Network,
        state: LabState,
        container: Callable[[InstanceState], Container],
        stand_in: Callable[[str], AbstractContextManager[Container]],
        clock: RealClock,
    ) -> None:
        self.network = network
        self._router, self._state, self._container, self._clock = router, state, container, clock
        self._stand_in = stand_in
        self._addresses = {**{its.name: its.address for its in state.instances}, **state.hosts}

    def apply(self, network: Network) -> PolicyApplied:
        """Replace the router's policy in one transaction; the moment is the router's."""
        before = self._clock.now()
        t = moment(self._router.set_policy(policy(network, self._addresses)), before, self._clock)
        self.network, old = network, self.network
        return PolicyApplied(t=t, took_ms=round((t - before) * 1000, 3), changed=changed(old, network))

    def dropped(self) -> Sequence[PacketsDropped]:
        """Return the packets that the router's policies have dropped."""
        return read_drops(self._router.dropped(), self._addresses, self._clock.now())

    def attempt(self, source: str, target: str, port: int, *, within: float) -> Attempt:
        """Open a connection from an instance's container, in a host's place, or from this machine."""
        return attempts.attempt(self._state, self._container, self._stand_in, source, target, port, within, self._clock)
