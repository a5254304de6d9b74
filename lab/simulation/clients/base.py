"""The wire of simulated clients of all protocols: connecting, a WebSocket, sending, silence.

Its errors have the words of real connections (`lab.clients.sockets`), so that both runtimes' histories have the same.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

from lab.activemq.protocols import ENDPOINTS
from lab.base.dataclass import dataclass
from lab.clients.base import BaseClient
from lab.clients.refusals import NO_ANSWER, NOT_UP, REFUSED, TLS_FAILED, untrusted
from lab.errors import BrokerError, LabTimeout
from lab.plan.values import InstancePlan
from lab.runtime.client import CONNECT_WITHIN
from lab.runtime.clock import Clock
from lab.runtime.messages import Approach
from lab.simulation.kernel import Kernel, Timer, cancel
from lab.simulation.protocols.session import Frame
from lab.simulation.protocols.sizes import RECORD, on_the_wire
from lab.simulation.protocols.web_socket import Upgrade, Upgraded
from lab.simulation.tcp.connection import INTERNET, Connection
from lab.simulation.tcp.fabric import Fabric

# Bytes that a socket takes at once: Linux's, of the second value of tcp_wmem's doubling to 2.5 MiB.
SEND_BUFFER = 2_626_560


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A broker's port, and a login there."""

    instance: str
    host: str  # as its certificate names it
    port: int
    user: str
    password: str
    client_id: str
    tls: str = "verified"  # "untrusted" | "wrong-name", as `Approach` has it
    within: float = CONNECT_WITHIN

    @classmethod
    def of(
        cls, instance: InstancePlan, over: str, user: str, password: str, client_id: str, approach: Approach
    ) -> Target:
        """Return an instance's port for a protocol."""
        return cls(
            instance=instance.name,
            host=instance.host_name,
            port=next(each.port for each in ENDPOINTS if over in each.over),
            user=user,
            password=password,
            client_id=client_id,
            tls=approach.tls,
            within=CONNECT_WITHIN if approach.within is None else approach.within,
        )

    def __str__(self) -> str:
        """Return the address only."""
        return f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Access:
    """The parts of a simulated lab that a client needs, and the port that it connects to."""

    kernel: Kernel
    clock: Clock
    fabric: Fabric
    target: Target


class SimulatedWire:
    """The wire of a client of any protocol: a connection of virtual time, which carries frames."""

    client: BaseClient

    def __init__(self, at: Access, protocol: str, *, web_socket: bool = False) -> None:
        self.kernel, self.clock, self.target = at.kernel, at.clock, at.target
        self._notify_of_message = at.kernel.notify_of_message
        self._fabric, self._protocol, self._web_socket = at.fabric, protocol, web_socket
        self.address = f"{protocol}{' in a WebSocket' if web_socket else ''} at {at.target}"
        self.connection: Connection | None = None
        self._failed = ""
        self._ticks: list[Timer] = []

    @abstractmethod
    def on_frame(self, frame: Any) -> None:
        """Pass a frame of the protocol to the client."""

    @abstractmethod
    def close(self) -> None:
        """Disconnect."""

    def open(self) -> None:
        """Connect, in a WebSocket if the protocol is in one; raise BrokerError or LabTimeout."""
        self._dial()
        if self._web_socket:
            self._upgrade()

    def received(self, frame: object) -> None:
        """Take a frame of the broker's, unless the connection is lost."""
        client = self.client
        if self._web_socket and isinstance(frame, Upgraded):
            client.answers.give("upgrade", frame.refusal)
        elif client.in_flight.gone is None:
            self.on_frame(frame)
            notify = self._notify_of_message
            notify()  # a step may wait for the frame's message

    def opened(self, connection: Connection) -> None:
        """Take the connection."""
        self.connection = connection
        self.clock.notify()

    def failed(self, why: str) -> None:
        """Record why there is no connection."""
        self._failed = why
        self.clock.notify()

    def closed(self, why: str) -> None:
        """Report the loss."""
        self._stop_ticking()
        self.client.gone("the connection was lost")

    def send_frame(self, frame: Frame) -> None:
        """Send a frame to the broker, if the connection is not lost."""
        if (connection := self.connection) is not None and self.client.in_flight.gone is None:
            octets = frame.octets()
            connection.send(frame, on_the_wire(octets, True, True) if self._web_socket else octets + RECORD)

    def watch(self, silence: int, why: str) -> None:
        """From now on, end the connection if no frame arrives for so many ns."""
        self._ticks.append(self.kernel.after(silence, self._look, len(self._ticks), silence, why))

    def _look(self, tick: int, silence: int, why: str) -> None:
        if self.connection is None or self.client.in_flight.gone is not None:
            return
        ends = self.connection.heard + silence
        if self.kernel.now >= ends:
            self._abort(why)
        else:
            self._ticks[tick] = self.kernel.at(ends, self._look, tick, silence, why)

    def _abort(self, why: str) -> None:
        """End the connection, since the broker is silent."""
        assert self.connection is not None
        self.connection.abort()
        self.client.gone(why)

    def _stop_ticking(self) -> None:
        for tick in self._ticks:
            cancel(tick)

    def _dial(self) -> None:
        """Connect, as the internet's host does; raise BrokerError or LabTimeout."""
        target = self.target
        self._fabric.connect(INTERNET, target.instance, target.port, self, within=round(target.within * 1e9))
        self.clock.wait(lambda: self.connection is not None or bool(self._failed), 2 * target.within)
        if self.connection is None:
            raise _failure(self._failed, self.address)
        if target.tls != "verified":
            self.connection.abort()
            name = f"IP address mismatch, certificate is not valid for {target.host!r}"
            ca = "unable to get local issuer certificate"
            raise untrusted(self.address, ca if target.tls == "untrusted" else name)

    def _upgrade(self) -> None:
        """Upgrade the connection to a WebSocket; raise BrokerError or LabTimeout."""
        try:
            self.send_frame(Upgrade(self._protocol.lower(), self.target.host))
            self.client.answers.wait("upgrade", self.address, self.target.within)
        except LabTimeout:
            self.client.close()
            raise _failure("silent", self.address) from None
        except BaseException:
            self.client.close()
            raise

    def _hang_up(self, frame: Frame) -> None:
        """End the connection with a last frame."""
        if self.connection is not None:
            self.connection.send(frame, on_the_wire(frame.octets(), self._web_socket, True))
            self.connection.close()
        self._stop_ticking()


def _failure(why: str, where: str) -> BrokerError | LabTimeout:
    """Return the error of a connection that did not open, in the words of `lab.clients.sockets.connecting`."""
    if why == "refused":
        return BrokerError(f"{where}: nothing listens there", NOT_UP, REFUSED)
    if why == "unreachable":
        return BrokerError(f"{where}: No route to host")
    if why == "tls":
        return BrokerError(f"{where}: the TLS handshake failed", how=TLS_FAILED)
    return LabTimeout(f"{where}: no answer", NO_ANSWER)
