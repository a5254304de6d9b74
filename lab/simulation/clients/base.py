"""What the simulated clients of all protocols share: connecting, sends in flight, awaited answers.

They say of a failure what the clients of real brokers say (`lab.clients`), so that both runtimes' histories have the
same words.
"""

from __future__ import annotations

from abc import abstractmethod

from lab.activemq.protocols import ENDPOINTS
from lab.clients.base import MOST_IN_FLIGHT, PATIENCE, raise_unless_yes
from lab.clients.refusals import REFUSED, TLS_FAILED
from lab.dataclass import dataclass
from lab.errors import BrokerError, LabTimeout
from lab.history import SendOutcome
from lab.plan.values import InstancePlan
from lab.runtime.client import CONNECT_WITHIN, ClientEvents
from lab.runtime.clock import Clock
from lab.runtime.messages import Approach
from lab.simulation.kernel import Kernel
from lab.simulation.protocols.session import Frame
from lab.simulation.protocols.sizes import RECORD, on_the_wire
from lab.simulation.protocols.web_socket import Upgrade, Upgraded
from lab.simulation.tcp.connection import INTERNET, Connection
from lab.simulation.tcp.fabric import Fabric

_MOST_OCTETS = 8 * 2**20  # of messages in flight
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
        """Return the port of an instance where a protocol is spoken."""
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


class InFlight:
    """The sends whose outcome is not known yet, bounded in number and size; each gets one outcome."""

    def __init__(self, clock: Clock, events: ClientEvents) -> None:
        self._clock, self._events = clock, events
        self._sizes: dict[str, int] = {}
        self._octets = 0
        self._blocked = False
        self._progress = 0
        self.gone: str | None = None  # why nothing can be sent any more; None while it can

    def enter(self, id: str, size: int) -> bool:
        """Add a send; return False, after reporting it as failed, if the connection has gone."""
        if self.gone is None:
            self._sizes[id] = size
            self._octets += size
            return True
        self._events.acknowledged(id, SendOutcome.FAILED, f"not sent: {self.gone}")
        return False

    def await_room(self) -> None:
        """Wait until one more may be sent, and half has drained; raise LabTimeout if no outcome comes for too long."""
        while self.gone is None and (len(self._sizes) >= MOST_IN_FLIGHT or self._octets >= _MOST_OCTETS):
            before = self._progress
            self._blocked = True
            self._clock.wait(lambda: not self._blocked or self.gone is not None, PATIENCE)
            if self._progress == before and self.gone is None:
                raise LabTimeout(
                    f"no acknowledgement came for {PATIENCE:g} s, with {len(self._sizes)} messages in flight"
                )

    def settle(self, id: str, outcome: SendOutcome, note: str = "") -> None:
        """Report the outcome of a send; later calls for the same send do nothing."""
        size = self._sizes.pop(id, None)
        if size is None:
            return
        self._octets -= size
        self._progress += 1
        if self._blocked and 2 * len(self._sizes) <= MOST_IN_FLIGHT and 2 * self._octets <= _MOST_OCTETS:
            self._blocked = False
            self._clock.notify()
        self._events.acknowledged(id, outcome, note)

    def end(self, why: str) -> bool:
        """Refuse further sends and report those in flight as unknown; return False if that was done before."""
        if self.gone is not None:
            return False
        self.gone = why
        left, self._sizes = tuple(self._sizes), {}
        self._clock.notify()
        for each in left:
            self._events.acknowledged(each, SendOutcome.UNKNOWN, f"no acknowledgement came: {why}")
        return True


class Answers:
    """A broker's answers to requests such as connect or subscribe, by the request's name."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._given: dict[str, str] = {}  # an empty text says yes, any other is the refusal
        self._gone: str | None = None

    def give(self, to: str, refusal: str = "") -> None:
        """Record the answer to a request, an empty refusal for yes; the first answer counts."""
        self._given.setdefault(to, refusal)
        self._clock.notify()

    def gone(self, why: str) -> None:
        """Record that no more answers will come."""
        if self._gone is None:
            self._gone = why
        self._clock.notify()

    def wait(self, to: str, what: str, seconds: float = PATIENCE) -> None:
        """Wait until the answer is yes; raise BrokerError if it is no, HungUp or LabTimeout if none comes."""
        self._clock.wait(lambda: to in self._given or self._gone is not None, seconds)
        answered = to in self._given
        refusal = self._given.pop(to, self._gone)
        raise_unless_yes(refusal, what, seconds, answered=answered)


class Flag:
    """An Event of `lab.clients.base`, in virtual time."""

    def __init__(self, clock: Clock) -> None:
        self._clock, self._set = clock, False

    def set(self) -> None:
        """Wake the tasks that wait."""
        self._set = True
        self._clock.notify()

    def wait(self, timeout: float) -> bool:
        """Wait until it is set, at most so many seconds; return whether it is."""
        return self._clock.wait(lambda: self._set, timeout)


class SimulatedClient:
    """One connection of any protocol: its events, the answers that it waits for, its sends in flight."""

    def __init__(
        self,
        kernel: Kernel,
        clock: Clock,
        fabric: Fabric,
        target: Target,
        events: ClientEvents,
        protocol: str,
        *,
        web_socket: bool = False,
    ) -> None:
        self.kernel, self.clock, self.events = kernel, clock, events
        self._notify_of_message = kernel.notify_of_message
        self._fabric, self._protocol, self._web_socket = fabric, protocol, web_socket
        self._where = f"{protocol}{' in a WebSocket' if web_socket else ''} at {target}"
        self._connection: Connection | None = None
        self._failed = ""
        self._connected = self._closing = False
        self._answers = Answers(clock)
        self._in_flight = InFlight(clock, events)

    @abstractmethod
    def close(self) -> None:
        """Disconnect; sends in flight are reported unknown."""

    @abstractmethod
    def on_frame(self, frame: object) -> None:
        """Take a frame of the protocol."""

    def received(self, frame: object) -> None:
        """Take a frame of the broker's, unless the connection has gone."""
        if self._web_socket and isinstance(frame, Upgraded):
            self._answers.give("upgrade", frame.refusal)
        elif self._in_flight.gone is None:
            self.on_frame(frame)
            notify = self._notify_of_message
            notify()  # a step may wait for what came

    def opened(self, connection: Connection) -> None:
        """Take the connection."""
        self._connection = connection
        self.clock.notify()

    def failed(self, why: str) -> None:
        """Learn why there is no connection."""
        self._failed = why
        self.clock.notify()

    def closed(self, why: str) -> None:
        """Report the loss."""
        self._gone("the connection was lost")

    def send(self, frame: Frame) -> None:
        """Send a frame to the broker, if the connection has not gone."""
        if (connection := self._connection) is not None and self._in_flight.gone is None:
            octets = frame.octets()
            connection.send(frame, on_the_wire(octets, True, True) if self._web_socket else octets + RECORD)

    def _dial(self, target: Target) -> None:
        """Connect, as the internet's host does; raise BrokerError or LabTimeout."""
        self._fabric.connect(INTERNET, target.instance, target.port, self, within=round(target.within * 1e9))
        self.clock.wait(lambda: self._connection is not None or bool(self._failed), 2 * target.within)
        if self._connection is None:
            raise _failure(self._failed, self._where)
        if target.tls != "verified":
            self._connection.abort()
            name = f"IP address mismatch, certificate is not valid for {target.host!r}"
            raise BrokerError(
                f"{self._where}: its certificate is not to be trusted: "
                f"{'unable to get local issuer certificate' if target.tls == 'untrusted' else name}",
                "connect by a name that the certificate has, with the CA file of this lab",
                TLS_FAILED,
            )

    def _upgrade(self, target: Target) -> None:
        """Make a WebSocket of the connection; raise BrokerError or LabTimeout."""
        try:
            self.send(Upgrade(self._protocol.lower(), target.host))
            self._answers.wait("upgrade", self._where, target.within)
        except LabTimeout:
            self.close()
            raise _failure("silent", self._where) from None
        except BaseException:
            self.close()
            raise

    def _log_in(self, target: Target, frame: Frame) -> None:
        """Connect, log in and wait until the broker accepts that; close the connection if it does not."""
        self._dial(target)
        if self._web_socket:
            self._upgrade(target)
        try:
            self.send(frame)
            self._answers.wait("connect", self._where, target.within)
            self._connected = True
        except BaseException:
            self.close()
            raise

    def _gone(self, why: str) -> None:
        """End all that waits, and report the loss of a connection that had been made and is not being closed."""
        self._answers.gone(why)
        if self._in_flight.end(why) and self._connected and not self._closing:
            self.events.lost(why)

    def _hang_up(self, frame: Frame | None = None) -> None:
        """End the connection, with a last frame where there is one; sends in flight are reported unknown."""
        self._closing = True
        self._in_flight.end("the client was closed")
        if self._connection is not None:
            if frame is not None:
                self._connection.send(frame, on_the_wire(frame.octets(), self._web_socket, True))
            self._connection.close()
        self._answers.gone("the client was closed")


def _failure(why: str, where: str) -> BrokerError | LabTimeout:
    """Return the error of a connection that did not open, in the words of `lab.clients.sockets.connecting`."""
    if why == "refused":
        return BrokerError(f"{where}: nothing listens there", "is the broker up?", REFUSED)
    if why == "unreachable":
        return BrokerError(f"{where}: No route to host")
    if why == "tls":
        return BrokerError(f"{where}: no TLS", how=TLS_FAILED)
    return LabTimeout(f"{where}: no answer", "is the broker up, and the router?")
