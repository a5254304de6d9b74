"""Parts shared by the clients of all protocols: sends in flight, awaited answers, guarded callbacks."""

from __future__ import annotations

import threading
import time
from abc import abstractmethod
from collections.abc import Callable
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from lab.clients.refusals import HungUp, how
from lab.errors import BrokerError, LabTimeout
from lab.history import SendOutcome
from lab.runtime.client import ClientEvents, Endpoint
from lab.runtime.messages import Destination, Incoming, Look

PATIENCE = 30.0  # seconds that a broker may take for one answer
CLOSE_WITHIN = 2.0  # seconds that a closing may take
MOST_IN_FLIGHT = 400  # messages of one client; with 100, client and broker often wait for each other


class InFlight:
    """The sends whose outcome is not known yet, bounded in number and size; each gets one outcome. Thread-safe."""

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
        self.gone: str | None = None  # why nothing can be sent any more; None while it can

    def enter(self, id: str, size: int = 0) -> bool:
        """Add a send; return False, after reporting it as failed, if the connection has gone."""
        with self._lock:
            if self.gone is None:
                self._sizes[id] = size
                self._octets += size
                return True
        self._events.acknowledged(id, SendOutcome.FAILED, f"not sent: {self.gone}")
        return False

    def await_room(self) -> None:
        """Wait until one more may be sent; raise LabTimeout if no outcome comes for too long.

        Call it after a send, so that the time of the next send does not include the wait.
        """
        if len(self._sizes) < self._most and self._octets < self._most_octets:
            return
        with self._lock:
            while self._full() and self.gone is None:
                before = self._progress
                self._await_half()
                if self._progress == before and self.gone is None:
                    raise LabTimeout(
                        f"no acknowledgement came for {self._patience:g} s, with {len(self._sizes)} messages in flight"
                    )

    def settle(self, id: str, outcome: SendOutcome, note: str = "") -> None:
        """Report the outcome of a send; later calls for the same send do nothing."""
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
        """Refuse further sends and report those in flight as unknown; return False if that was done before."""
        with self._lock:
            if self.gone is not None:
                return False
            self.gone = why
            left = tuple(self._sizes)
            self._sizes.clear()
            self._room.notify_all()
        for each in left:
            self._events.acknowledged(each, SendOutcome.UNKNOWN, f"no acknowledgement came: {why}")
        return True

    def _full(self) -> bool:
        return len(self._sizes) >= self._most or self._octets >= self._most_octets

    def _half_empty(self) -> bool:
        return 2 * len(self._sizes) <= self._most and 2 * self._octets <= self._most_octets

    def _await_half(self) -> None:
        """Wait until half has drained, so that threads switch once for many messages; give up after the patience."""
        self._blocked = True
        end = time.monotonic() + self._patience
        while self._blocked and self.gone is None and (left := end - time.monotonic()) > 0:
            self._room.wait(left)


class Answers:
    """A broker's answers to requests such as connect or subscribe, by the request's name. Thread-safe."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._given: dict[str, str] = {}  # an empty text says yes, any other is the refusal
        self._gone: str | None = None

    def give(self, to: str, refusal: str = "") -> None:
        """Record the answer to a request, an empty refusal for yes; the first answer counts."""
        with self._changed:
            self._given.setdefault(to, refusal)
            self._changed.notify_all()

    def gone(self, why: str) -> None:
        """Record that no more answers will come; if the broker gave a reason, record that as an answer first."""
        with self._changed:
            if self._gone is None:
                self._gone = why
            self._changed.notify_all()

    def wait(self, to: str, what: str, seconds: float = PATIENCE) -> None:
        """Wait until the answer is yes; raise BrokerError if it is no, HungUp or LabTimeout if none comes."""
        with self._changed:
            self._changed.wait_for(lambda: to in self._given or self._gone is not None, seconds)
            answered = to in self._given
            refusal = self._given.pop(to, self._gone)
        raise_unless_yes(refusal, what, seconds, answered=answered)


def raise_unless_yes(refusal: str | None, what: str, seconds: float, *, answered: bool) -> None:
    """Raise BrokerError if a broker's answer is a refusal, HungUp if it is why none came, LabTimeout if it is None."""
    if refusal is None:
        raise LabTimeout(f"{what}: the broker did not answer for {seconds:g} s")
    if refusal and not answered:
        raise HungUp(f"{what}: {refusal}", how=how(refusal))
    if refusal:
        raise BrokerError(f"{what}: {refusal}", how=how(refusal))


class Event(Protocol):
    """An event that is set once and waited for: threading's, or one of virtual time."""

    def set(self) -> None:
        """Wake the tasks that wait."""
        ...

    def wait(self, timeout: float) -> bool:
        """Wait until it is set, at most so many seconds; return whether it is."""
        ...


class Browsing:
    """A browser that a broker is showing a queue."""

    def __init__(self, queue: Destination, ended: Event) -> None:
        self.queue = queue
        self.messages: list[Incoming] = []
        self._ended = ended  # also if the connection has gone; then the broker has not said that it was all
        self.whole = False

    def end(self, *, whole: bool = True) -> None:
        """Record that no more messages come; `whole` tells whether the broker has said so."""
        self.whole = whole
        self._ended.set()

    def look(self, within: float) -> Look:
        """Return what came until the end, or within so many seconds; it is kept no longer."""
        self._ended.wait(within)
        messages, self.messages = self.messages, []
        return Look(tuple(messages), self.whole)


class HasEvents(Protocol):
    """A client, as far as `guarded` needs it."""

    events: ClientEvents


_C = TypeVar("_C", bound=HasEvents)
_P = ParamSpec("_P")


def guarded(callback: Callable[Concatenate[_C, _P], None]) -> Callable[Concatenate[_C, _P], None]:
    """Report an error inside a callback by `broke`; the libraries would log it and go on."""

    def call(self: _C, /, *args: _P.args, **kwargs: _P.kwargs) -> None:
        try:
            callback(self, *args, **kwargs)
        except Exception as error:  # noqa: BLE001 (the library's thread cannot end a run; `broke` does)
            self.events.broke(error)

    return call


class BaseClient:
    """One connection of any protocol: its events, the answers that it waits for, its sends in flight."""

    def __init__(self, endpoint: Endpoint, events: ClientEvents, protocol: str) -> None:
        self.events = events
        self._where = f"{protocol} at {endpoint}"
        self._connected = self._closing = False
        self._answers = Answers()
        self._in_flight = InFlight(events, most=MOST_IN_FLIGHT)

    @abstractmethod
    def close(self) -> None:
        """Disconnect; sends in flight are reported unknown."""

    def _log_in(self, endpoint: Endpoint, send: Callable[[], None] = lambda: None) -> None:
        """Send the login and wait until the broker accepts it; close the connection if it does not."""
        try:
            send()
            self._answers.wait("connect", self._where, endpoint.within)
            self._connected = True
        except BaseException:
            self.close()
            raise

    def _gone(self, why: str) -> None:
        """End all that waits, and report the loss of a connection that had been made and is not being closed."""
        self._answers.gone(why)
        if self._in_flight.end(why) and self._connected and not self._closing:
            self.events.lost(why)
