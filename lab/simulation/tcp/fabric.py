"""All hosts of a lab with their listeners, and the connections between them."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from lab.base.dataclass import dataclass
from lab.network.vpc import INTERNET
from lab.plan.values import BrokerPlan, Plan
from lab.runtime.status import DOWN, PAUSED, UP
from lab.simulation.chance import fixed
from lab.simulation.kernel import Kernel
from lab.simulation.tcp.connection import Address, Connection, Peer, SilentPeer
from lab.simulation.tcp.handshake import Accept, Buffers, Dial
from lab.simulation.tcp.paths import Paths
from lab.simulation.tcp.stream import End

_EPHEMERAL = range(32_768, 61_000)  # net.ipv4.ip_local_port_range


@dataclass(slots=True)
class _Listener:
    accept: Accept
    buffers: Buffers
    met: bool = False  # somebody has connected


class Fabric:
    """The hosts of a lab, by instance, and INTERNET."""

    def __init__(self, kernel: Kernel, plan: Plan, *, tls: int = 0, first: int = 0) -> None:
        self.kernel, self._tls, self._first = kernel, tls, first
        self.paths = Paths(kernel, plan)
        self._addresses = {its.name: str(its.address) for broker in plan.brokers for its in broker.instances}
        self._addresses |= {host.name: str(host.address) for host in plan.hosts}
        routers = {region.name: str(region.vpc.network_address + 1) for region in plan.regions}
        self._routers = {its.name: routers[broker.region] for broker in plan.brokers for its in broker.instances}
        self.names = {its.host_name.lower(): its.name for broker in plan.brokers for its in broker.instances}
        self._listening: dict[tuple[str, int], _Listener] = {}
        self._ends: dict[str, dict[End, None]] = {}
        self.frozen: set[str] = set()  # hosts whose processes are; their kernels go on
        self._held: dict[str, list[Callable[[], None]]] = {}  # by frozen host: what its processes do once they go on
        self._dice: dict[str, Random] = {}
        self._used: set[Address] = set()

    def add(self, plan: Plan, broker: BrokerPlan) -> None:
        """Add the hosts of a broker of a plan."""
        region = next(each for each in plan.regions if each.name == broker.region)
        for each in broker.instances:
            self.names[each.host_name.lower()] = each.name
            self._addresses[each.name] = str(each.address)
            self._routers[each.name] = str(region.vpc.network_address + 1)
            self.paths.add(each.name, broker.region)

    def address(self, host: str, *, seen_by: str) -> str:
        """Return a host's IP address; the internet has the router's, as an instance sees it."""
        return self._addresses[host] if host != INTERNET else self._routers[seen_by]

    def listen(self, instance: str, port: int, accept: Accept, *, buffers: Buffers = None) -> None:
        """Call `accept` with each connection that opens to a port, for the owner of its end.

        `buffers` are the accepted ends' socket buffers in bytes, for sending and receiving; None for the system's own.
        """
        self._listening[instance, port] = _Listener(accept, buffers)

    def close(self, instance: str, port: int) -> None:
        """Listen no more on a port; open connections go on."""
        self._listening.pop((instance, port), None)

    def connect(
        self,
        source: str,
        target: str,
        port: int,
        peer: Peer,
        *,
        within: int,
        tls: bool = True,
        buffers: Buffers = None,
        wholly_within: int | None = None,
    ) -> None:
        """Open a connection from an instance or INTERNET; `peer` gets the outcome within so many ns.

        With `wholly_within`, of ns too, `within` bounds TCP alone, and that bounds TCP and TLS together. `buffers` are
        this end's socket buffers in bytes, for sending and receiving; None for the system's own.
        """
        Dial(self, self._port(source), Address(target, port), peer, within, tls, buffers, True, wholly_within)

    def attempt(self, source: str, target: str, port: int, within: int, report: Callable[[str, int], None]) -> None:
        """Open a connection and close it; call `report` with "open", or the reason, and the ns that it took.

        From the internet TLS is tried too, since a proxy would accept whatever is behind it.
        """
        peer = _Attempt(self.kernel, report)
        Dial(self, self._port(source), Address(target, port), peer, within, source == INTERNET, None, False)

    def _port(self, host: str) -> Address:
        dice = self._dice.setdefault(host, fixed(f"ports of {host}"))
        while (found := Address(host, dice.choice(_EPHEMERAL))) in self._used:
            pass
        self._used.add(found)
        return found

    def power(self, instance: str, state: str) -> None:
        """Put an instance's host in a state: UP, PAUSED, DOWN, or not there."""
        paths, frozen = self.paths, state == PAUSED
        (paths.refusing.add if state == DOWN else paths.refusing.discard)(instance)
        (paths.away.discard if state in (UP, PAUSED) else paths.away.add)(instance)
        thaws = instance in self.frozen and not frozen
        (self.frozen.add if frozen else self.frozen.discard)(instance)
        if state not in (UP, PAUSED):
            for key in [key for key in self._listening if key[0] == instance]:
                del self._listening[key]
            self._held.pop(instance, None)
            for end in [*self._ends.get(instance, ())]:
                end.vanish()
        elif thaws:
            for do in self._held.pop(instance, ()):
                self.kernel.after(0, self.when_running, instance, do)
            for end in [*self._ends.get(instance, ())]:
                self.kernel.after(0, end.take)

    # ---- what connections ask

    def when_running(self, host: str, do: Callable[[], None]) -> None:
        """Let a host's process do something: now, or when it resumes if it is frozen; never if it ends before."""
        if host in self.frozen:
            self._held.setdefault(host, []).append(do)
        else:
            do()

    def listener(self, at: Address) -> _Listener | None:
        """Return the listener on a port."""
        return self._listening.get((at.host, at.port))

    def handshake(self, at: Address) -> int:
        """Return the ns of processors for a handshake of TLS; the first that a process answers on a port takes longer.

        Its code is not compiled yet, nor all of it loaded.
        """
        its = self._listening.get((at.host, at.port))
        if its is None or its.met:
            return self._tls
        its.met = True
        return self._tls + self._first

    def remember(self, end: End) -> None:
        """Add a new end."""
        self._ends.setdefault(end.near.host, {})[end] = None

    def forget(self, end: End) -> None:
        """Remove an end."""
        self._ends.get(end.near.host, {}).pop(end, None)
        self._used.discard(end.near)


class _Attempt(SilentPeer):
    """The owner of a connection that is only tried."""

    def __init__(self, kernel: Kernel, report: Callable[[str, int], None]) -> None:
        self._kernel, self._report, self._begun = kernel, report, kernel.now

    def opened(self, connection: Connection) -> None:
        """Report that the connection has opened, and close it."""
        self._report("open", self._kernel.now - self._begun)
        connection.abort()

    def failed(self, why: str) -> None:
        """Report why the connection has not opened."""
        self._report(why, self._kernel.now - self._begun)
