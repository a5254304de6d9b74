"""Applications as clients: the events of observers become the observations that a history has of the lab's own clients.

So every expectation about messages judges applications by the same rules. An application is a name of the scenario's
`clients`, with all connections that fit its client id; each other connection is a client of its own client id. What a
bridge sends or takes is no delivery. A message's number is that of its ActiveMQ message id. What is sent to a composite
destination of the broker's configuration is sent to the destinations behind it: the copies have the message's id.

A delivery is the acknowledgement of the application's protocol. Where the broker acknowledges by itself while it
dispatches (MQTT at QoS 0, STOMP `auto`, AMQP presettled), the application may never have read the message: then the
dispatch is counted, and a verdict that would have passed is unknown, unless `delivered-when: dispatched` is declared.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field
from heapq import heappop, heappush
from math import inf

from lab.activemq.destinations import hears, parts_of
from lab.activemq.selectors import ANY
from lab.dataclass import dataclass
from lab.declare.application import Application
from lab.history import (
    BEAT,
    Acknowledged,
    BridgeSeen,
    BrokerChanged,
    ClientChanged,
    ConfigurationSaved,
    ConsumerSeen,
    Ended,
    Header,
    MessageSeen,
    Observation,
    ObserverChanged,
    Publishing,
    Received,
    SendOutcome,
    Sent,
    Subscribed,
    TransactionEnded,
    Unsubscribed,
    Watched,
)
from lab.judge.evidence.configurations import forwarded
from lab.judge.evidence.copies import Copies
from lab.judge.evidence.message_ids import MessageIds
from lab.judge.evidence.own_clients import OwnClients, fits
from lab.judge.evidence.ways import Ways
from lab.units import several

FIRST_STEP = 1_000_001  # of publications that no step made: the numbers of steps end far below
_HORIZON = 10.0  # seconds by which an event may be recorded late: each broker is asked in turn
_LAG = 1.5  # seconds by which an event is recorded, or its observer counts as silent
_GONE = ("stopped", "killed", "deleted")  # states of a broker that has no connections
_ENDS = ("expired", "dead-lettered", "discarded")
_PROTOCOLS = ("mqtt", "stomp", "amqp")


@dataclass(slots=True, kw_only=True)
class _Consumer:
    """A consumer of an application, and the messages that were dispatched to it and not acknowledged."""

    client: str
    destination: str
    over: str
    durable: bool
    since: float  # seconds
    dispatched: bool  # whether a dispatch counts as a delivery
    redelivered: set[str] = field(default_factory=set)


class Applications:
    """Makes the observations of applications' clients, and keeps the reasons why they may prove too little."""

    def __init__(self, header: Header, declared: Mapping[str, Application]) -> None:
        self._declared, self._run = declared, header.run
        self._lab = OwnClients(header, declared)
        self._own: set[str] = set()  # clients of the lab
        self._places: dict[str, str] = {}  # by client id that no name fits: the first broker
        self._steps: dict[tuple[object, ...], list[int]] = {}  # by what messages have in common: step, last number
        self._forwarded = forwarded(header.declared)
        self._parts: dict[str, tuple[str, ...]] = {}  # by step to several destinations: these
        self._sent: dict[str, list[str]] = {}  # by transaction: ids in the ledger
        self._taken: dict[str, list[tuple[_Consumer, MessageSeen]]] = {}  # by transaction
        self._consumers: dict[tuple[str, str], _Consumer] = {}  # by broker and consumer id
        self._open: dict[tuple[str, str], int] = {}  # by client and destination: consumers
        self._durable: dict[tuple[str, str, str], tuple[str, str]] = {}  # by broker, client id and name
        # By ActiveMQ's message id: deliveries whose sending comes later.
        self._early: dict[str, list[tuple[_Consumer, MessageSeen]]] = {}
        self._crowded: dict[str, str] = {}  # by client: why its deliveries cannot be assigned to messages
        self._of_lab: set[str] = set()  # ActiveMQ's ids of messages that clients of the lab sent
        self._lab_consumers: set[tuple[str, str]] = set()  # by broker and consumer id: clients of the lab
        self._shared = ""  # why no delivery of an application proves anything
        self._watched = -inf  # when the lab was last known to be watched
        self._seen = False  # whether a client of another program sent or listened
        self.names: dict[int, dict[int, str]] = {}  # by step and number: ActiveMQ's message ids
        self.brokers: dict[tuple[str, str], dict[str, float]] = {}  # by client and destination: last seen at a broker
        self.gaps: list[ObserverChanged] = []
        self._silent: dict[tuple[str, int], ObserverChanged] = {}  # by broker and instance: observers without answers
        self.copies = Copies()
        self.ids = MessageIds(self.copies)
        self.ways = Ways(self.ids.repeated)
        self.automatic: set[str] = set()  # clients for which a broker acknowledges by itself

    def of(self, observations: Iterable[Observation]) -> Iterator[Observation]:
        """Yield all observations in the order of their moments, with those of the applications' clients."""
        waiting: list[tuple[float, bool, int, Observation]] = []
        latest, over = -inf, False
        for number, seen in enumerate(self._lab.left(observations)):
            over |= isinstance(seen, Ended)
            sending = isinstance(seen, MessageSeen) and seen.event == "sent"  # its broker may dispatch it first
            heappush(waiting, (seen.t, not sending, number, seen))
            latest = max(latest, seen.t)
            while waiting and waiting[0][0] < latest - _HORIZON:
                yield from self._told(heappop(waiting)[-1])
        told = latest - _LAG  # until then a client was connected of which no event shows that it left
        while waiting:
            if waiting[0][0] > told:
                yield from self._listening(told)
                told = inf
            yield from self._told(heappop(waiting)[-1])
        for deliveries in self._early.values():
            for consumer, seen in deliveries:
                if not over and seen.t > latest - _LAG:  # the other broker's observer may tell of the sending yet
                    continue
                what = f"{consumer.client} received messages, and no observer saw who sent them"
                self._crowded.setdefault(consumer.client, what)

    @property
    def handed(self) -> Mapping[str, int]:
        """Return the messages that steps handed to the lab's clients, where the brokers' events alone decide."""
        return self._lab.handed

    def crowded(self, receivers: Iterable[str], begin: float = -inf) -> str:
        """Return why deliveries to receivers cannot be assigned to messages sent since a moment; "" if they can."""
        names = dict.fromkeys(receivers)
        mixed = (self.ids.mixed(destination, begin) for client, destination in self.brokers if client in names)
        return self._shared or next(
            filter(None, (*(self._crowded[name] for name in names if name in self._crowded), *mixed)), ""
        )

    def gap(self, begin: float, end: float = inf) -> str:
        """Return in words that events of applications are missing between two moments; "" if none are."""
        if not (self._declared or self._seen):
            return ""
        for silent in self._silent.values():
            if (silent.since or 0.0) <= end:
                return f"the observer of {silent.broker} has not answered since {silent.since or 0.0:.3f} s"
        for lost in self.gaps:
            if lost.t >= begin and (lost.since is None or lost.since <= end):
                count = several(lost.lost_events, "event") if lost.lost_events else "events"
                since = "" if lost.since is None else f" after {lost.since:.3f} s"
                return f"the observer of {lost.broker} lost {count}{since}: {lost.why}"
        return ""

    def dispatches(self, receivers: Iterable[str]) -> bool:
        """Return whether the deliveries to any of some receivers are dispatches, of which the client proves nothing."""
        names = set(receivers)
        declared = (name for name, its in self._declared.items() if its.delivered_when == "dispatched")
        return bool(names & self.automatic) or not names.isdisjoint(declared)

    def unread(self, receivers: Iterable[str]) -> str:
        """Return why it is unknown that receivers read their messages; "" if their acknowledgements prove it."""
        names = [name for name in dict.fromkeys(receivers) if name in self.automatic]
        if not names:
            return ""
        return (
            f"the broker acknowledges for {', '.join(names)} while it dispatches, so it is unknown whether the "
            "messages were read; to count dispatches, write delivered-when: dispatched at the client"
        )

    def _told(self, seen: Observation) -> Iterator[Observation]:
        yield seen
        taker = None
        if isinstance(seen, MessageSeen) and seen.message not in self._of_lab:
            taker = self._consumers.get((seen.broker, seen.consumer))
            self.ways.add(seen, "" if taker is None else taker.client)
        yield from self._followed(seen)
        if isinstance(seen, MessageSeen) and seen.message not in self._of_lab:
            self.copies.add(seen, "" if taker is None else taker.client)

    def _followed(self, seen: Observation) -> Iterator[Observation]:
        """Yield the observations that follow from one."""
        match seen:
            case Publishing() | Subscribed():
                self._own.add(f"mqlab-{self._run}-{seen.client}")
            case ConsumerSeen():
                self.copies.consumer(seen)
                yield from self._consumer(seen)
            case MessageSeen() if not seen.network:
                yield from self._message(seen)
            case TransactionEnded():
                self.copies.ended(seen)
                yield from self._transaction(seen)
            case ConfigurationSaved():
                self._forwarded.clear()  # which broker has it, and since when, decides what becomes of messages
            case BridgeSeen():
                self.ways.bridged(seen)
            case ObserverChanged() if seen.state == "lost":
                self.gaps.append(seen)
            case ObserverChanged() if seen.state == "silent":
                self._silent[seen.broker, seen.instance] = seen
            case ObserverChanged() if seen.state in ("began", "answering"):
                self.ids.clock(seen.clock_error)
                self._silent.pop((seen.broker, seen.instance), None)
            case BrokerChanged() if seen.state in _GONE and not seen.standby:
                self.ways.forget_places(seen.broker)
                self.copies.all_left(seen.broker)
                if seen.state == "killed":
                    why = "it was killed, perhaps with events that were not read"
                    self.gaps.append(ObserverChanged(t=seen.t, broker=seen.broker, state="lost", since=seen.t, why=why))
                yield from self._all_left(seen.broker, seen.t)
            case Watched():
                self._watched = seen.t
                yield from self._listening(seen.t)

    def _listening(self, t: float) -> Iterator[ClientChanged]:
        """Yield that each client listens at a moment, unless the lab was not watched then, or a broker was silent."""
        if t - self._watched > 3 * BEAT or self._silent:
            return
        for client in dict.fromkeys(client for client, _ in self._open):
            yield ClientChanged(t=t, client=client, broker="", state="listening")

    def name_of(self, client_id: str, broker: str) -> str | None:
        """Return the name of a client by its client id; None for a client of the lab that is not judged by events."""
        if (own := self._lab.name(client_id)) is not None:
            if not self._lab.judged:
                return None
            if not self._lab.is_declared(client_id, broker):
                return own
        for name, application in self._declared.items():
            if application.broker in (None, broker) and fits(client_id, application.client_id):
                return name
        if not client_id:
            return f"a client of {broker} without a client id"
        known = client_id in self._declared or f"mqlab-{self._run}-{client_id}" in self._own
        name = f"client id {client_id}" if known else client_id
        return name if self._places.setdefault(client_id, broker) == broker else f"{name} at {broker}"

    def _consumer(self, seen: ConsumerSeen) -> Iterator[Observation]:
        key = (seen.broker, seen.consumer)
        if seen.state == "forgotten":
            its = self._durable.pop((seen.broker, seen.client_id, seen.durable), None)
            if its is not None:
                yield Unsubscribed(t=seen.t, client=its[0], broker=seen.broker, destination=its[1])
            return
        if seen.state == "unsubscribed":
            self._lab_consumers.discard(key)
            self.ways.left(*key)
            if (consumer := self._consumers.pop(key, None)) is not None:
                yield from self._left(consumer, seen.broker, seen.t)
            return
        if seen.network or seen.browser or seen.error:
            return
        name = self.name_of(seen.client_id, seen.broker)
        if name is None:
            self._lab_consumers.add(key)
            return
        self._seen = True
        if (old := self._consumers.pop(key, None)) is not None:
            yield from self._left(old, seen.broker, seen.t)
        self.ways.came(*key)
        declared = self._declared.get(name)
        consumer = self._consumers[key] = _Consumer(
            client=name,
            destination=seen.destination,
            over=_over(seen.over),
            durable=bool(seen.durable),
            since=seen.t,
            dispatched=declared is not None and declared.delivered_when == "dispatched",
        )
        of = (name, seen.destination)
        self._open[of] = self._open.get(of, 0) + 1
        self.brokers.setdefault(of, {})[seen.broker] = inf
        if consumer.durable:
            self._durable[seen.broker, seen.client_id, seen.durable] = of
        if self._open[of] > 1 and seen.destination.startswith("topic://"):
            self._crowded[name] = (
                f"several connections of {name} subscribe to {seen.destination}, and each receives every message: give "
                "each a name in clients"
            )
        if self._open[of] == 1:
            yield Subscribed(
                t=seen.t,
                client=name,
                broker=seen.broker,
                over=consumer.over,
                destination=seen.destination,
                step=0,
                durable=consumer.durable,
                selector=seen.selector or None,
                ack="client",
            )

    def _left(self, consumer: _Consumer, broker: str, t: float) -> Iterator[Observation]:
        of = (consumer.client, consumer.destination)
        if not any(at == broker and (each.client, each.destination) == of for (at, _), each in self._consumers.items()):
            self.brokers[of][broker] = t
        self._open[of] -= 1
        if self._open[of]:
            return
        del self._open[of]
        if consumer.durable:  # the broker keeps its messages
            if any(client == consumer.client for client, _ in self._open):
                self._crowded[consumer.client] = (
                    f"{consumer.client} has a durable subscription and others: give each connection a name in clients"
                )
            yield ClientChanged(t=t, client=consumer.client, broker=broker, state="disconnected")
        else:
            yield Unsubscribed(t=t, client=consumer.client, broker=broker, destination=consumer.destination)

    def _all_left(self, broker: str, t: float) -> Iterator[Observation]:
        for key in [key for key in self._consumers if key[0] == broker]:
            yield from self._left(self._consumers.pop(key), broker, t)

    def _message(self, seen: MessageSeen) -> Iterator[Observation]:
        if seen.event == "sent":
            if (name := self.name_of(seen.client_id, seen.broker)) is not None:
                yield from self._sending(seen, name)
            else:
                self._of_lab.add(seen.message)
                self.ways.forget(seen.message)
            return
        if seen.event in _ENDS:
            self.ids.ended(seen)
            return
        if (seen.broker, seen.consumer) in self._lab_consumers:
            if seen.event == "acknowledged" and seen.destination.startswith("queue://") and seen.message in self.ids:
                self._shared = (
                    f"clients of the lab take messages of applications from {seen.destination}: let the lab use "
                    "another queue"
                )
            return
        consumer = self._consumers.get((seen.broker, seen.consumer))
        if consumer is None:
            return
        if seen.event == "dispatched":
            if seen.redelivered:
                consumer.redelivered.add(seen.message)
            if consumer.dispatched:
                yield from self._delivery(consumer, seen)
        elif seen.event == "acknowledged" and not seen.why:
            if seen.transaction:
                self._taken.setdefault(seen.transaction, []).append((consumer, seen))
            elif not consumer.dispatched:
                if seen.automatic:
                    self.automatic.add(consumer.client)
                yield from self._delivery(consumer, seen)

    def _sending(self, seen: MessageSeen, name: str) -> Iterator[Observation]:
        destination = self._forwarded.get((seen.broker, seen.destination), seen.destination)
        if again := self.ids.sent_again(seen, destination):
            if not seen.original:
                yield from self._outcome(seen, again)
            return
        lifetime = None if seen.lifetime is None else round(seen.lifetime, 1)  # an absolute end differs by milliseconds
        common = (name, seen.broker, destination, seen.persistent, seen.retain, lifetime)
        self._seen = True
        if common not in self._steps:
            step = FIRST_STEP + len(self._steps)
            self._steps[common] = [step, 0]
            if len(parts := parts_of(destination)) > 1:
                self._parts[str(step)] = parts
            yield Publishing(
                t=seen.t,
                step=step,
                client=name,
                broker=seen.broker,
                over=_over(seen.over),
                destination=destination,
                persistent=seen.persistent,
                body="generated",
                retained=seen.retain,
                expiry_s=lifetime,
                varying=(ANY,),  # an observer keeps no headers
            )
        its = self._steps[common]
        its[1] += 1
        message = f"{its[0]}-{its[1]}"
        self.ids.add(seen, destination, message)
        self.names.setdefault(its[0], {})[its[1]] = seen.message
        yield Sent(t=seen.t, id=message)
        for consumer, early in self._early.pop(seen.message, ()):
            yield from self._delivery(consumer, early.with_fields(t=max(early.t, seen.t)))
        yield from self._outcome(seen, message)

    def _outcome(self, seen: MessageSeen, message: str) -> Iterator[Acknowledged]:
        """Yield the outcome of a sending, if it is known before its transaction ends."""
        if seen.why:
            yield Acknowledged(t=seen.t, id=message, outcome=SendOutcome.FAILED, note=seen.why)
        elif seen.transaction:
            self._sent.setdefault(seen.transaction, []).append(message)
        else:
            yield Acknowledged(t=seen.t + (seen.took or 0.0), id=message)

    def _delivery(self, consumer: _Consumer, seen: MessageSeen) -> Iterator[Received]:
        if seen.message in self._of_lab:
            self._crowded[consumer.client] = (
                f"{consumer.client} also receives messages of the lab's own clients, whose ids differ: send those to "
                "another destination"
            )
            return
        again = seen.message in consumer.redelivered
        message = self.ids.delivered(seen, consumer)
        if message is None:  # the clocks of two brokers may differ by more than the way took
            self._early.setdefault(seen.message, []).append((consumer, seen))
            return
        parts = self._parts.get(message.partition("-")[0], ()) if self._parts else ()
        if parts and sum(hears(consumer.destination, part) for part in parts) > 1:
            self._crowded[consumer.client] = (
                f"{consumer.client} receives copies from several of {', '.join(parts)}, and the copies have one id: "
                "give each destination a subscriber of its own"
            )
        yield Received(
            t=seen.t,
            client=consumer.client,
            destination=consumer.destination,
            id=message,
            retained=seen.retain,
            redelivered=again,
        )

    def _transaction(self, seen: TransactionEnded) -> Iterator[Observation]:
        outcome = SendOutcome.OK if seen.committed else SendOutcome.FAILED
        note = "" if seen.committed else "its transaction was rolled back"
        for message in self._sent.pop(seen.transaction, ()):
            self.ids.decided(message, accepted=seen.committed)
            yield Acknowledged(t=seen.t, id=message, outcome=outcome, note=note)
        for consumer, taken in self._taken.pop(seen.transaction, ()):
            if seen.committed and not consumer.dispatched:
                yield from self._delivery(consumer, taken.with_fields(t=seen.t))


def observed(header: Header) -> bool:
    """Return whether observers were in the brokers of a run."""
    topology = header.declared.get("topology")
    return isinstance(topology, Mapping) and bool(topology.get("observe"))


def declared_in(header: Header) -> Mapping[str, Application]:
    """Return the applications that the scenario of a run declared; raise ValueError if the header was edited."""
    declared = header.declared.get("clients") or {}
    return {name: Application.model_validate(fields) for name, fields in declared.items()}


def _over(connector: str) -> str:
    """Return the protocol of a connector as steps name it; OpenWire's clients acknowledge as STOMP's do."""
    return next((name for name in _PROTOCOLS if connector.startswith(name)), "stomp")
