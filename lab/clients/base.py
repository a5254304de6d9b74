"""The client of every protocol and runtime: sends in flight, awaited answers, guarded callbacks, over a wire."""

from __future__ import annotations

import threading
from collections.abc import Callable
from itertools import count
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from lab.clients.refusals import HungUp, how
from lab.errors import BrokerError, LabTimeout
from lab.history import SendOutcome
from lab.runtime.client import ClientEvents
from lab.runtime.clock import Clock
from lab.runtime.messages import Destination, Incoming, Look

ANSWER_WITHIN = 30.0  # seconds that a broker may take for one answer
CLOSE_WITHIN = 2.0  # seconds that closing a connection may take
MOST_IN_FLIGHT = 400  # messages of one client; with 100, client and broker often wait for each other
MOST_OCTETS_IN_FLIGHT = 8 * 2**20


class InFlight:
    """The sends without an outcome, bounded in number and size; each send gets one outcome. Thread-safe."""

    def __init__(
        self,
        events: ClientEvents,
        clock: Clock,
        *,
        most: int = MOST_IN_FLIGHT,
        octets: int = MOST_OCTETS_IN_FLIGHT,
        patience: float = ANSWER_WITHIN,
    ) -> None:
        self._events, self._clock = events, clock
        self._most, self._most_octets = most, octets
        self._patience = patience
        self._sizes: dict[str, int] = {}
        self._octets = 0
        self._lock = threading.Lock()  # never held while the clock waits
        self._blocked = False
        self._progress = 0
        self.gone: str | None = None  # why the connection is lost; None while messages can be sent

    def enter(self, id: str, size: int = 0) -> bool:
        """Add a send; return False, after reporting it as failed, if the connection is lost."""
        with self._lock:
            if self.gone is None:
                self._sizes[id] = size
                self._octets += size
                return True
        self._events.acknowledged(id, SendOutcome.FAILED, f"not sent: {self.gone}")
        return False

    def await_room(self) -> None:
        """Return at once if another message may be sent, otherwise wait until half of the messages have an outcome.

        Waiting for half lets threads switch once for many messages. Call it after a send, so that the time of the next
        send does not include the wait. LabTimeout if no outcome arrives for too long.
        """
        while self.gone is None and (len(self._sizes) >= self._most or self._octets >= self._most_octets):
            with self._lock:  # so that no outcome arrives between the test and the mark
                if not self._full():
                    return
                before, self._blocked = self._progress, True
            self._clock.wait(lambda: not self._blocked or self.gone is not None, self._patience)
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
            drained = self._blocked and 2 * len(self._sizes) <= self._most and 2 * self._octets <= self._most_octets
            if drained:
                self._blocked = False
        if drained:
            self._clock.notify()
        self._events.acknowledged(id, outcome, note)

    def end(self, why: str) -> bool:
        """Refuse further sends and report the sends in flight as unknown; return False if it was called before."""
        with self._lock:
            if self.gone is not None:
                return False
            self.gone = why
            ids = tuple(self._sizes)
            self._sizes.clear()
        self._clock.notify()
        for id in ids:  # noqa: A001 (its name everywhere)
            self._events.acknowledged(id, SendOutcome.UNKNOWN, f"no acknowledgement came: {why}")
        return True

    def _full(self) -> bool:
        return len(self._sizes) >= self._most or self._octets >= self._most_octets


class Answers:
    """A broker's answers to requests such as connect or subscribe, by the request's name. Thread-safe."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._given: dict[str, str] = {}  # an empty text is a yes, any other text is the refusal
        self._gone: str | None = None

    def give(self, request: str, refusal: str = "") -> None:
        """Record the answer to a request; an empty refusal means yes. The first answer counts."""
        self._given.setdefault(request, refusal)
        self._clock.notify()

    def gone(self, why: str) -> None:
        """Record that no more answers arrive; if the broker gave a reason, record the reason as an answer first."""
        if self._gone is None:
            self._gone = why
        self._clock.notify()

    def wait(self, request: str, context: str, seconds: float = ANSWER_WITHIN) -> None:
        """Wait until the answer is yes; raise BrokerError if it is no, HungUp or LabTimeout if no answer arrives.

        The text of the error begins with `context`.
        """
        self._clock.wait(lambda: request in self._given or self._gone is not None, seconds)
        answer = self._given.pop(request, None)
        if answer is None and self._gone is None:
            raise LabTimeout(f"{context}: the broker did not answer for {seconds:g} s")
        if answer is None:
            raise HungUp(f"{context}: {self._gone}", how=how(self._gone or ""))
        if answer:
            raise BrokerError(f"{context}: {answer}", how=how(answer))


class Browsing:
    """A browser that a broker shows a queue."""

    def __init__(self, queue: Destination, clock: Clock) -> None:
        self.queue = queue
        self.messages: list[Incoming] = []
        self._clock = clock
        self._ended = False  # also if the connection is lost; then the broker has not ended the browser
        self.whole = False

    def end(self, *, whole: bool = True) -> None:
        """Record that no more messages arrive; with `whole` because the broker has shown all of them."""
        self.whole = whole
        self._ended = True
        self._clock.notify()

    def look(self, within: float) -> Look:
        """Return and forget the messages that arrived until the end, or within so many seconds."""
        self._clock.wait(lambda: self._ended, within)
        messages, self.messages = self.messages, []
        return Look(tuple(messages), self.whole)


class HasEvents(Protocol):
    """A class whose callbacks are `guarded`."""

    @property
    def events(self) -> ClientEvents:
        """Return the client's events."""
        ...


_C = TypeVar("_C", bound=HasEvents)
_P = ParamSpec("_P")


def guarded(callback: Callable[Concatenate[_C, _P], None]) -> Callable[Concatenate[_C, _P], None]:
    """Report an error inside a callback by `broke`; the libraries would only log it."""

    def call(self: _C, /, *args: _P.args, **kwargs: _P.kwargs) -> None:
        try:
            callback(self, *args, **kwargs)
        except Exception as error:  # noqa: BLE001 (the library's thread cannot end a run; `broke` does)
            self.events.broke(error)

    return call


class Wire(Protocol):
    """A connection to a broker, real or simulated. It reports its end by its client's `gone`."""

    def log_in(self) -> None:
        """Send the login, if it was not sent on connecting."""
        ...

    def close(self) -> None:
        """Disconnect; does nothing if the connection is lost or was closed. Never raises."""
        ...


class BaseClient:
    """One connection of any protocol: its events, the answers that it waits for, its sends in flight."""

    def __init__(self, wire: Wire, events: ClientEvents, clock: Clock, address: str) -> None:
        self.wire, self._clock = wire, clock
        self.events = events
        self.address = address  # the protocol and the broker's, for errors
        self.answers = Answers(clock)
        self.in_flight = InFlight(events, clock)
        self._connected = self.closing = False
        self._numbers = count(1)  # of named requests; atomic, unlike an attribute

    def close(self) -> None:
        """Disconnect and close; sends in flight are reported unknown."""
        self.closing = True
        self.in_flight.end("the client was closed")
        self.wire.close()
        self.answers.gone("the client was closed")

    def log_in(self, within: float) -> None:
        """Log in and wait until the broker accepts the login; close the connection if it does not."""
        try:
            self.wire.log_in()
            self.answers.wait("connect", self.address, within)
            self._connected = True
        except BaseException:
            self.close()
            raise

    def gone(self, why: str) -> None:
        """End all waits, and report the loss of a connection that was accepted and is not being closed."""
        self.answers.gone(why)
        if self.in_flight.end(why) and self._connected and not self.closing:
            self.events.lost(why)

    def _next(self, kind: str) -> str:
        """Return a new name for a request or a subscription."""
        return f"{kind}-{next(self._numbers)}"
