"""The rules of `entitlement`, applied during a run: the accepted messages that have not been received so far.

Each method takes an observation, in the order of the history. The count decides only how long a replay listens;
the judge decides the verdict. A message costs a byte for each audience.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from lab.activemq.destinations import hears, parts_of
from lab.activemq.matching import EMPTY_DIGEST
from lab.activemq.protocols import protocol
from lab.activemq.selectors import Untold, matches, properties
from lab.history import (
    Acknowledged,
    ClientChanged,
    Observation,
    Publishing,
    Received,
    SendOutcome,
    Sent,
    Settled,
    Subscribed,
    Unsubscribed,
)
from lab.history.expected.counted_audience import ACCEPTED, RECEIVED, Audience, extend
from lab.history.expected.records import is_queue

_OK = SendOutcome.OK  # asked of an Enum for each message, it would cost as much as the rest

# Whether a client at a broker is to receive a destination's messages of a sender, of any sender for None: (client,
# broker, destination, sender). None if no expectation decides it.
Expected = Callable[[str, str, str, str | None], bool | None]


def undecided(client: str, broker: str, destination: str, sender: str | None) -> None:
    """Return None: no expectation decides whether a client is to receive messages."""


class Missing:
    """The accepted messages that a client is expected to receive and has not received yet."""

    def __init__(
        self,
        carries: Callable[[str, str], bool],
        expected: Expected = undecided,
    ) -> None:
        """`carries` returns whether bridges carry messages from one broker to another.

        `expected` decides which messages a client is to receive.
        """
        self._carries = carries
        self._expected = expected
        self._audiences: dict[str, Audience] = {}
        self._expecting: dict[str, tuple[Audience, ...]] = {}  # by step: its audiences when it began
        self._publishing: dict[str, Publishing] = {}  # by step to a queue
        self._given: set[str] = set()  # steps whose messages have a given body
        self._growing: dict[str, Publishing] = {}  # steps whose number of messages is not known before
        self._going_on: dict[str, tuple[Publishing, str]] = {}  # by step that sends to a topic: with its last number
        self._sent: dict[str, str] = {}  # by such a step: the last number sent
        self._digests: Counter[str] = Counter()
        self._retaining: dict[str, Publishing] = {}  # steps whose messages are published as retained
        self._bodies: dict[str, str] = {}  # by id of such a message: the digest of a given body
        self._retained: dict[str, tuple[Publishing, str]] = {}  # by topic: the last accepted one, by id or digest
        self._of_client: dict[str, list[Audience]] = {}  # of MQTT clients: their subscriptions
        self._sent_to: set[str] = set()  # destinations
        self._lost: set[str] = set()  # clients whose connection was lost
        self.last_sent = self.last_received = 0.0  # seconds
        self.last_return = 0.0  # when a client came back after it had gone or lost its connection, in seconds
        self.last_due = 0.0  # when a message was sent, or could be delivered at last, in seconds
        self._counts: Mapping[type[Observation], Callable[[Any], None]] = {
            Publishing: self._published,
            Sent: self._sent_one,
            Acknowledged: self._acknowledged,
            Received: self._received,
            Settled: self._settled,
            Subscribed: self._subscribed,
            Unsubscribed: self._unsubscribed,
            ClientChanged: self._gone,
        }

    def count(self, observations: Iterable[Observation]) -> None:
        """Count some observations."""
        counts = self._counts
        for seen in observations:
            if (count := counts.get(type(seen))) is not None:
                count(seen)

    def none(self) -> bool:
        """Return whether every message has been received."""
        for audience in self._audiences.values():  # noqa: SIM110 (asked for every message that comes meanwhile)
            if not audience.complete:
                return False
        return True

    def _sent_one(self, send: Sent) -> None:
        self.last_sent = self.last_due = send.t
        if send.digest is not None:
            self._digests[send.digest] += 1
            if send.digest_as_text is not None:
                self._digests[send.digest_as_text] += 1
        if self._growing or self._retaining or self._going_on:
            step, _, number = send.id.partition("-")
            self._sent[step] = number
            if step in self._going_on and self._going_on[step][1] == number:
                del self._going_on[step]
            if send.digest is not None and step in self._retaining:
                self._bodies[send.id] = send.digest

    def _published(self, announced: Publishing) -> None:
        """Fix the audiences of a step's messages: the subscriptions in reach now; for a queue, later ones too."""
        step = str(announced.step)  # as it begins the messages' ids
        self._sent_to.add(announced.destination)
        if is_queue(announced.destination):
            for part in parts_of(announced.destination):
                self._audiences.setdefault(part, Audience(part))
        elif announced.retained:
            self._retaining[step] = announced
        if announced.count is None:
            self._growing[step] = announced
        if announced.count is None or not is_queue(announced.destination):
            self._going_on[step] = announced, "" if announced.count is None else str(announced.count)
        if announced.body == "given":
            self._given.add(step)
            self._expecting[step] = tuple(each for each in self._audiences.values() if self._reaches(announced, each))
            return
        self._publishing[step] = announced
        expecting = []
        for audience in self._audiences.values():
            reached = self._reaches(announced, audience)
            if not reached and not (
                is_queue(audience.destination) and hears(audience.destination, announced.destination)
            ):
                continue
            if not reached:
                audience.blocked.add(step)
            audience.marks[step] = bytearray((announced.count or 0) + 1)
            expecting.append(audience)
        self._expecting[step] = tuple(expecting)

    def _reaches(self, publishing: Publishing, audience: Audience) -> bool:
        """Return whether the messages of a step reach a client of an audience, or are expected to."""
        return hears(audience.destination, publishing.destination) and (
            any(self._is_expected(publishing, client, at, audience) for client, at in audience.brokers.items())
            or (audience.destination in parts_of(publishing.destination) and not audience.brokers)
        )

    def _is_expected(self, publishing: Publishing, client: str, at: str, audience: Audience) -> bool:
        expected = self._expected(client, at, publishing.destination, publishing.client)
        return (
            (at == publishing.broker or expected is True or self._carries(publishing.broker, at))
            and _may_select(audience.selectors[client], publishing)
            and (publishing.body == "given" or expected is not False)
        )

    def _subscribed(self, start: Subscribed) -> None:
        """Add a client to its audience; of a step that is sending, it is to receive the messages from now on."""
        key = _key(start.client, start.destination)
        audience = self._audiences.setdefault(key, Audience(start.destination))
        if start.client in audience.away or start.client in self._lost:
            self.last_return = start.t
            self._lost.discard(start.client)
        if start.client in audience.away and (audience.missing or audience.accepted > audience.received):
            self.last_due = start.t  # what was kept for it can be delivered from now on
        if (start.client in audience.away or is_queue(start.destination)) and self._is_to_hear_nothing(start):
            self.last_due = start.t
        new = start.client not in audience.brokers
        audience.brokers[start.client] = start.broker
        audience.away.discard(start.client)
        audience.selectors[start.client] = start.selector
        if start.durable:
            audience.durable.add(start.client)
        for step, (publishing, _) in self._going_on.items():
            if audience not in self._expecting[step] and self._reaches(publishing, audience):
                self._expecting[step] += (audience,)
                audience.begins[step] = int(self._sent.get(step, 0)) + 1
                audience.marks[step] = bytearray(0 if publishing.count is None else publishing.count + 1)
        self._look_at_consumers(audience)
        if protocol(start.over) == "mqtt":
            self._over_mqtt(start, audience, new=new)

    def _is_to_hear_nothing(self, start: Subscribed) -> bool:
        """Return whether messages were sent that must not come to a client, by an expectation."""
        return any(
            hears(start.destination, to) and self._expected(start.client, start.broker, to, None) is False
            for to in self._sent_to
        )

    def _over_mqtt(self, start: Subscribed, audience: Audience, *, new: bool) -> None:
        """Expect the retained messages of a new subscription, and note that it is the client's."""
        if audience not in (its := self._of_client.setdefault(start.client, [])):
            its.append(audience)
        for topic, (publishing, known) in self._retained.items() if new else ():
            if hears(start.destination, topic) and self._is_expected(publishing, start.client, start.broker, audience):
                audience.retained[known] += 1
                self.last_due = start.t

    def _unsubscribed(self, end: Unsubscribed) -> None:
        audience = self._audiences[_key(end.client, end.destination)]
        audience.give_back(end.client)
        audience.brokers.pop(end.client, None)
        self._look_at_consumers(audience)

    def _gone(self, change: ClientChanged) -> None:
        """Note that a client is away: it is to receive only the messages kept for it, and only when it is back."""
        if change.state not in ("disconnected", "lost"):
            return
        if change.state == "lost":
            self._lost.add(change.client)
        for audience in self._audiences.values():
            if change.client in audience.brokers:
                audience.give_back(change.client)
                if change.client in audience.durable:
                    audience.away.add(change.client)
                elif change.state == "disconnected":
                    audience.brokers.pop(change.client)
                    self._look_at_consumers(audience)

    def _look_at_consumers(self, audience: Audience) -> None:
        """Note the steps whose messages no consumer of a queue takes: they wait for a consumer that does."""
        if is_queue(audience.destination):
            steps = audience.marks.keys() & self._publishing.keys()
            audience.blocked = {step for step in steps if not self._reaches(self._publishing[step], audience)}

    def _settled(self, ack: Settled) -> None:
        audience = self._audiences.get(_key(ack.client, ack.destination))
        if audience is not None and ack.id is not None and ack.outcome is not SendOutcome.FAILED:
            pending = audience.pending.get(ack.client, [])
            if _split_id(ack.id) in pending:
                pending.remove(_split_id(ack.id))

    def _acknowledged(self, ack: Acknowledged) -> None:
        step, number = _split_id(ack.id)
        if self._retaining and ack.outcome is _OK and step in self._retaining:
            self._retain(step, ack.id)
        for audience in self._expecting.get(step, ()):
            if audience.begins and number < audience.begins.get(step, 0):
                continue
            if step in self._given:
                audience.accepted += ack.outcome is _OK
                audience.doubtful |= ack.outcome is SendOutcome.UNKNOWN
            elif ack.outcome is _OK:
                marks = audience.marks[step]
                if number >= len(marks) and step in self._growing:
                    extend(marks, number)
                mark = marks[number]
                audience.missing += not mark & RECEIVED
                marks[number] = mark | ACCEPTED

    def _retain(self, step: str, id: str) -> None:
        """Keep an accepted message as the retained one of its topic; an empty one deletes the one before it."""
        publishing, known = self._retaining[step], self._bodies.pop(id, id)
        if known == EMPTY_DIGEST:
            self._retained.pop(publishing.destination, None)
        else:
            self._retained[publishing.destination] = publishing, known

    def _received(self, arrival: Received) -> None:
        self.last_received = arrival.t
        key = _key(arrival.client, arrival.destination)
        if (audience := self._audiences.get(key)) is None:  # it came before the broker confirmed the subscription
            audience = self._audiences[key] = Audience(arrival.destination)
        # MQTT does not tell for which of a client's subscriptions it came.
        its = self._of_client.get(arrival.client, ())
        together = its if len(its) > 1 and audience in its else (audience,)
        for each in together:
            if each.retained:
                self._given_as_retained(each, arrival.digest if arrival.id is None else arrival.id)
        if arrival.id is None:
            for each in together:
                self._count(each, arrival.digest or "", self._digests.get(arrival.digest or "", 0))
            return
        step, number = _split_id(arrival.id)
        if arrival.pending:
            audience.pending.setdefault(arrival.client, []).append((step, number))
        if step in self._given:  # the id was in a header
            for each in together:
                self._count(each, arrival.id, 1)
            return
        for each in together:
            each.mark_received(step, number, grows=step in self._growing)

    @staticmethod
    def _given_as_retained(audience: Audience, known: str | None) -> None:
        """Note that a retained message came."""
        if known is not None and audience.retained[known]:
            audience.retained[known] -= 1
        audience.retained = +audience.retained

    @staticmethod
    def _count(audience: Audience, name: str, sent: int) -> None:
        """Count a received message with a given body, at most as often as it was sent."""
        if audience.digests[name] < sent:
            audience.digests[name] += 1
            audience.received += 1


def _may_select(selector: str | None, publishing: Publishing) -> bool:
    """Return whether a selector may select a step's messages."""
    if selector is None:
        return True
    its = properties(
        publishing.headers,
        group=publishing.group,
        priority=publishing.priority,
        persistent=publishing.persistent,
        varying=publishing.varying,
    )
    try:
        return matches(selector, its)
    except Untold:
        return True


def _key(client: str, destination: str) -> str:
    return destination if destination.startswith("queue://") else f"{client} {destination}"


def _split_id(id: str) -> tuple[str, int]:
    step, _, number = id.partition("-")
    return step, int(number)
