"""The consumers of applications at the brokers, as far as the events of observers show them.

After lost events an observer's broker may have other consumers than before. A consumer from before is known anew when a
later event has its id, or when a new process of the broker shows that it is gone. Until then it is doubtful whether its
client subscribes. The ledger keeps a doubtful subscription open, and a verdict that depends on it is unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import field
from math import inf
from typing import NamedTuple

from lab.base.dataclass import dataclass
from lab.history import ClientChanged, ConsumerSeen, Observation, Subscribed, Unsubscribed
from lab.history.expected.records import is_queue
from lab.judge.wording import moment

Key = tuple[str, str]  # broker and consumer id
_Subject = tuple[str, str]  # client and destination


@dataclass(slots=True, kw_only=True)
class Consumer:
    """A consumer of an application, and the messages that were dispatched to it and not acknowledged."""

    client: str
    client_id: str
    connection: str
    process: int  # of its broker, counted in the history
    destination: str
    over: str
    durable: bool
    since: float  # seconds
    dispatched: bool  # whether a dispatch counts as a delivery
    redelivered: set[str] = field(default_factory=set)

    @property
    def subject(self) -> _Subject:
        """Return the client and the destination."""
        return self.client, self.destination


class Doubt(NamedTuple):
    """A time in which no event shows whether a client subscribes to a destination."""

    client: str
    destination: str
    broker: str  # whose observer lost events
    durable: bool
    begin: float
    end: float = inf

    def __str__(self) -> str:
        lost = f"the observer of {self.broker} lost events, and from {moment(self.begin)}"
        subscribes = f"it is unknown whether {self.client} was subscribed to {self.destination}"
        if self.end < inf:
            return f"{lost} to {moment(self.end)} {subscribes}: judge from a mark after that"
        return f"{lost} on {subscribes}: let {self.client} connect again, and judge from a later mark"


class Consumers:
    """All consumers of applications; each method yields the observations that follow for the clients."""

    def __init__(self, crowd: Callable[[str, str], None]) -> None:
        self._crowd = crowd  # notes why deliveries to a client cannot be assigned to messages
        self._known: dict[Key, Consumer] = {}
        self._doubtful: dict[Key, Consumer] = {}
        self._open: dict[_Subject, int] = {}  # known consumers
        self._durable: dict[tuple[str, str, str], _Subject] = {}  # by broker, client id and name
        self._doubts: dict[_Subject, Doubt] = {}  # that have not ended
        self._ended: list[Doubt] = []
        self.brokers: dict[_Subject, dict[str, float]] = {}  # last seen at a broker

    def __contains__(self, key: object) -> bool:
        """Return whether no event shows that a consumer has left."""
        return key in self._known or key in self._doubtful

    @property
    def listening(self) -> tuple[str, ...]:
        """Return the clients that are known to listen, each once."""
        return tuple(dict.fromkeys(client for client, _ in self._open))

    def known(self, broker: str, consumer: str) -> Consumer | None:
        """Return a consumer of which there is an event now, so that it is in doubt no longer; None if it is unknown."""
        key = broker, consumer
        if (doubtful := self._doubtful.pop(key, None)) is not None:
            self._doubts.pop(doubtful.subject, None)
            self._add(key, doubtful)
        return self._known.get(key)

    def subscribed(self, event: ConsumerSeen, consumer: Consumer) -> Iterator[Observation]:
        """Add a consumer."""
        key, subject = (event.broker, event.consumer), consumer.subject
        yield from self.left(*key, event.t)
        if event.client_id:  # a broker lets in one connection of a client id
            before = [key for key in _of(self._doubtful, event.broker) if _replaces(consumer, self._doubtful[key])]
            yield from self._gone(before, event.t)
        if subject in self._doubts:
            yield from self._resolved(subject, event.t)
        self._add(key, consumer)
        if consumer.durable:
            self._durable[event.broker, event.client_id, event.durable] = subject
        if self._open[subject] == 1:
            yield Subscribed(
                t=event.t,
                client=consumer.client,
                broker=event.broker,
                over=consumer.over,
                destination=event.destination,
                step=0,
                durable=consumer.durable,
                selector=event.selector or None,
                ack="client",
            )

    def left(self, broker: str, consumer: str, t: float) -> Iterator[Observation]:
        """Remove a consumer that ended."""
        if self.known(broker, consumer) is not None:
            yield from self._left(broker, self._known.pop((broker, consumer)), t)

    def forgotten(self, event: ConsumerSeen) -> Iterator[Observation]:
        """Remove a durable subscription."""
        subject = self._durable.pop((event.broker, event.client_id, event.durable), None)
        if subject is not None:
            self._doubts.pop(subject, None)  # it was there until now
            yield Unsubscribed(t=event.t, client=subject[0], broker=event.broker, destination=subject[1])

    def all_left(self, broker: str, t: float, last: float = inf) -> Iterator[Observation]:
        """Remove the consumers of a broker's processes up to one, whose connections have ended."""
        yield from self._gone(_of(self._doubtful, broker, last), t)
        for key in _of(self._known, broker, last):
            yield from self._left(broker, self._known.pop(key), t)

    def doubt(self, broker: str, t: float, last: float = inf) -> None:
        """Note that the observer of a broker lost events: its consumers may be others now, up to a process."""
        for key in _of(self._known, broker, last):
            its = self._doubtful[key] = self._known.pop(key)
            self._open[its.subject] -= 1
            if not self._open[its.subject]:
                del self._open[its.subject]
                self._begin_doubt(its.subject, broker, t, durable=its.durable)
        for (at, _, _), subject in self._durable.items():
            if at == broker and subject not in self._open:
                self._begin_doubt(subject, broker, t, durable=True)

    def doubts(self, begin: float, end: float) -> Iterator[Doubt]:
        """Yield the doubts between two moments."""
        every = (*self._ended, *self._doubts.values())
        return (doubt for doubt in every if doubt.begin <= end and doubt.end > begin)

    def _add(self, key: Key, consumer: Consumer) -> None:
        subject = consumer.subject
        self._known[key] = consumer
        self._open[subject] = self._open.get(subject, 0) + 1
        self.brokers.setdefault(subject, {})[key[0]] = inf
        if self._open[subject] > 1 and not is_queue(consumer.destination):
            self._crowd(
                consumer.client,
                f"several connections of {consumer.client} subscribe to {consumer.destination}, and each receives "
                "every message: give each a name in clients",
            )

    def _left(self, broker: str, consumer: Consumer, t: float) -> Iterator[Observation]:
        subject = consumer.subject
        self._note_place(broker, subject, t)
        self._open[subject] -= 1
        if self._open[subject]:
            return
        del self._open[subject]
        if doubtful := next((key for key, each in self._doubtful.items() if each.subject == subject), None):
            self._begin_doubt(subject, doubtful[0], t, durable=consumer.durable)
        else:
            yield from self._end(subject, broker, t, durable=consumer.durable)

    def _gone(self, keys: list[Key], t: float) -> Iterator[Observation]:
        """Remove doubtful consumers that are surely gone."""
        for key in keys:
            subject = self._doubtful.pop(key).subject
            self._note_place(key[0], subject, t)
            doubt = self._doubts.get(subject)
            if doubt is None or any(each.subject == subject for each in self._doubtful.values()):
                continue
            if doubt.durable:  # the broker may have it still, or not
                yield from self._end(subject, key[0], t, durable=True)
            else:
                yield from self._resolved(subject, t)

    def _begin_doubt(self, subject: _Subject, broker: str, t: float, *, durable: bool) -> None:
        client, destination = subject
        doubt = Doubt(client=client, destination=destination, broker=broker, durable=durable, begin=t)
        self._doubts.setdefault(subject, doubt)

    def _resolved(self, subject: _Subject, t: float) -> Iterator[Observation]:
        """End a doubt at a moment at which its subscription is known to have ended."""
        doubt = self._doubts.pop(subject)._replace(end=t)
        self._ended.append(doubt)
        yield from self._end(subject, doubt.broker, t, durable=doubt.durable)

    def _end(self, subject: _Subject, broker: str, t: float, *, durable: bool) -> Iterator[Observation]:
        client, destination = subject
        if not durable:
            yield Unsubscribed(t=t, client=client, broker=broker, destination=destination)
            return
        if any(each == client for each, _ in self._open):
            why = f"{client} has a durable subscription and others: give each connection a name in clients"
            self._crowd(client, why)
        yield ClientChanged(t=t, client=client, broker=broker, state="disconnected")  # the broker keeps its messages

    def _note_place(self, broker: str, subject: _Subject, t: float) -> None:
        """Note when the last consumer of a subscription left a broker."""
        both = (*self._known.items(), *self._doubtful.items())
        if not any(at == broker and each.subject == subject for (at, _), each in both):
            self.brokers[subject][broker] = t


def _of(consumers: Mapping[Key, Consumer], broker: str, last: float = inf) -> list[Key]:
    """Return the consumers of a broker's processes up to one."""
    return [key for key, its in consumers.items() if key[0] == broker and its.process <= last]


def _replaces(consumer: Consumer, before: Consumer) -> bool:
    """Return whether a consumer's connection is another one of the same client id."""
    return consumer.client_id == before.client_id and consumer.connection != before.connection
