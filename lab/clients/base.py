"""What clients of every protocol share: where to connect, what is in flight, and a guard around their callbacks."""

from __future__ import annotations

import select
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from lab.clients.refusals import REFUSED, TLS_FAILED, how
from lab.errors import BrokerError, LabTimeout
from lab.history import SendOutcome
from lab.runtime.client import ClientEvents, Endpoint

PATIENCE = 30.0  # seconds that a broker may take over any one answer
CLOSE_WITHIN = 2.0
MOST_IN_FLIGHT = 400  # messages of one client; with 100 it often waits for the broker and the broker for it
_TICKET_WITHIN = 1.0


class HungUp(BrokerError):
    """A broker ended the connection and had not said a word of what it was asked."""


@contextmanager
def connecting(endpoint: Endpoint, protocol: str) -> Iterator[None]:
    """Put into words why a connection could not be made."""
    try:
        yield
    except ssl.SSLCertVerificationError as error:
        raise BrokerError(
            f"{protocol} at {endpoint}: its certificate is not to be trusted: {error.verify_message}",
            "connect by a name that the certificate has, with the CA file of this lab",
            TLS_FAILED,
        ) from error
    except (ssl.SSLEOFError, ssl.SSLZeroReturnError, ConnectionResetError, BrokenPipeError) as error:
        # The engine's own process answers at a published port, and hangs up when nothing answers behind it.
        raise BrokerError(f"{protocol} at {endpoint}: it hung up at once", "is the broker up?", REFUSED) from error
    except ssl.SSLError as error:
        raise BrokerError(f"{protocol} at {endpoint}: no TLS: {error.reason or error}", how=TLS_FAILED) from error
    except socket.gaierror as error:
        raise BrokerError(f"{protocol} at {endpoint}: no such host: {error.strerror}") from error
    except TimeoutError as error:
        raise LabTimeout(f"{protocol} at {endpoint}: no answer", "is the broker up, and the router?") from error
    except ConnectionRefusedError as error:
        raise BrokerError(f"{protocol} at {endpoint}: nothing listens there", "is the broker up?", REFUSED) from error
    except OSError as error:
        raise BrokerError(f"{protocol} at {endpoint}: {error.strerror or error}") from error


def await_ticket(secured: ssl.SSLSocket) -> None:
    """Return when a broker has ended the handshake too, which in TLS 1.3 its session ticket tells; it may send none.

    A login that leaves with the handshake's end is read by ActiveMQ in one thread, and what follows in another, out of
    one buffer (`NIOSSLTransport`, 5.18.3).
    """
    if secured.version() == "TLSv1.3":
        ready = select.poll()
        ready.register(secured, select.POLLIN)
        ready.poll(_TICKET_WITHIN * 1000)


def acknowledge_at_once(stream: socket.socket) -> None:
    """Have the kernel acknowledge what was read without delay, until it forgets; to be said again at each read.

    ActiveMQ leaves Nagle's algorithm on: a second small frame waits until the first is acknowledged, which takes
    the kernel up to 40 ms when there is nothing to send back. Those 40 ms are not the link's.
    """
    if hasattr(socket, "TCP_QUICKACK"):
        stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)


class InFlight:
    """The sends whose outcome is not known yet; bounded in number and size, and each gets exactly one outcome."""

    def __init__(self, events: ClientEvents, *, most: int, octets: int = 8 * 2**20, patience: float = PATIENCE) -> None:
        self._events = events
        self._most, self._most_octets = most, octets
        self._patience = patience
        self._sizes: dict[str, int] = {}
        self._octets = 0
        self._lock = threading.Lock()
        self._room = threading.Condition(self._lock)
        self._blocked = False
        self._progress = 0
        self.gone: str | None = None  # why nothing can be sent any more

    def enter(self, id: str, size: int = 0) -> bool:
        """Count a send in; False, its outcome told, where the connection has gone."""
        with self._lock:
            if self.gone is None:
                self._sizes[id] = size
                self._octets += size
                return True
        self._events.acknowledged(id, SendOutcome.FAILED, f"not sent: {self.gone}")
        return False

    def await_room(self) -> None:
        """Return when one more may be sent; called after a send, so that the next is timed from its own moment."""
        if len(self._sizes) < self._most and self._octets < self._most_octets:
            return
        with self._lock:
            while self._full() and self.gone is None:
                before = self._progress
                self._await_half()
                if self._progress == before and self.gone is None:
                    raise LabTimeout(
                        f"no receipt came for {self._patience:g} s, with {len(self._sizes)} messages in flight"
                    )

    def settle(self, id: str, outcome: SendOutcome, note: str = "") -> None:
        """Tell the outcome of a send, once."""
        with self._lock:
            size = self._sizes.pop(id, None)
            if size is None:
                return
            self._octets -= size
            self._progress += 1
            if self._blocked and self._half_empty():
                self._blocked = False
                self._room.notify_all()
        self._events.acknowledged(id, outcome, note)

    def end(self, why: str) -> bool:
        """Let nothing more in, and tell that what is in flight is unknown; False where that was done before."""
        with self._lock:
            if self.gone is not None:
                return False
            self.gone = why
            left = tuple(self._sizes)
            self._sizes.clear()
            self._room.notify_all()
        for each in left:
            self._events.acknowledged(each, SendOutcome.UNKNOWN, f"no receipt came: {why}")
        return True

    def _full(self) -> bool:
        return len(self._sizes) >= self._most or self._octets >= self._most_octets

    def _half_empty(self) -> bool:
        return 2 * len(self._sizes) <= self._most and 2 * self._octets <= self._most_octets

    def _await_half(self) -> None:
        """Sleep until half has drained: one switch of threads for many messages."""
        self._blocked = True
        end = time.monotonic() + self._patience
        while self._blocked and self.gone is None and (left := end - time.monotonic()) > 0:
            self._room.wait(left)


class Answers:
    """Answers to be waited for, by what they answer: subscriptions, connections, farewells."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._given: dict[str, str] = {}  # an empty text says yes, any other is the refusal
        self._gone: str | None = None

    def give(self, to: str, refusal: str = "") -> None:
        """Return an answer; the first one counts."""
        with self._changed:
            self._given.setdefault(to, refusal)
            self._changed.notify_all()

    def gone(self, why: str) -> None:
        """Say that no more answers will come; a reason that the broker gave is to be given as an answer first."""
        with self._changed:
            if self._gone is None:
                self._gone = why
            self._changed.notify_all()

    def wait(self, to: str, what: str, seconds: float = PATIENCE) -> None:
        """Return when the answer is yes; BrokerError where it is no, HungUp or LabTimeout where none comes."""
        with self._changed:
            self._changed.wait_for(lambda: to in self._given or self._gone is not None, seconds)
            answered = to in self._given
            refusal = self._given.pop(to, self._gone)
        if refusal is None:
            raise LabTimeout(f"{what}: the broker did not answer for {seconds:g} s")
        if refusal and not answered:
            raise HungUp(f"{what}: {refusal}", how=how(refusal))
        if refusal:
            raise BrokerError(f"{what}: {refusal}", how=how(refusal))


class HasEvents(Protocol):
    """A client, as far as its guard knows it."""

    events: ClientEvents


_C = TypeVar("_C", bound=HasEvents)
_P = ParamSpec("_P")


def guarded(callback: Callable[Concatenate[_C, _P], None]) -> Callable[Concatenate[_C, _P], None]:
    """Hand an error inside a callback to the run; the libraries would log it and go on."""

    def call(self: _C, /, *args: _P.args, **kwargs: _P.kwargs) -> None:
        try:
            callback(self, *args, **kwargs)
        except Exception as error:  # noqa: BLE001 (the library's thread cannot end a run; `broke` does)
            self.events.broke(error)

    return call
