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

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from heapq import heappop, heappush
from math import inf

from lab.activemq.destinations import hears, parts_of
from lab.activemq.selectors import ANY
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
    Watched,
)
from lab.history.expected.records import Publication, Subscription, is_queue
from lab.judge.evidence.configurations import forwarded
from lab.judge.evidence.consumers import Consumer, Consumers, Doubt
from lab.judge.evidence.copies import Copies
from lab.judge.evidence.dispatches import Dispatches
from lab.judge.evidence.last_places import LastPlaces
from lab.judge.evidence.ledger import Ledger
from lab.judge.evidence.message_ids import MessageIds
from lab.judge.evidence.observer_gaps import GONE, ObserverGaps
from lab.judge.evidence.own_clients import OwnClients, fits

FIRST_STEP = 1_000_001  # of publications that no step made: the numbers of steps end far below
HORIZON = 10.0  # seconds by which an event may be recorded late: each broker is asked in turn
_LAG = 1.5  # seconds by which an event is recorded, or its observer counts as silent
_ENDS = ("expired", "dead-lettered", "discarded")
_PROTOCOLS = ("mqtt", "stomp", "amqp")


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
        self._taken: dict[str, list[tuple[Consumer, MessageSeen]]] = {}  # by transaction
        self._connections: dict[str, set[tuple[str, str]]] = {}  # by client: brokers and client ids
        self._without_own: set[tuple[str, str]] = set()  # clients and destinations of consumers with noLocal
        self._crowded: dict[str, str] = {}  # by client: why its deliveries cannot be assigned to messages
        self._consumers = Consumers(self._crowded.__setitem__)
        self._process: dict[str, int] = {}  # by broker: the number of its present process
        # By ActiveMQ's message id: deliveries whose sending comes later.
        self._early: dict[str, list[tuple[Consumer, MessageSeen]]] = {}
        self._unsent: dict[str, float] = {}  # by client: the last delivery of a message that no observer saw sent
        self._of_lab: set[str] = set()  # ActiveMQ's ids of messages that clients of the lab sent
        self._lab_consumers: set[tuple[str, str]] = set()  # by broker and consumer id: clients of the lab
        self._shared = ""  # why no delivery of an application proves anything
        self._watched = -inf  # when the lab was last known to be watched
        self.until = inf  # until when the events of all observers are in the history
        self._seen = False  # whether a client of another program sent or listened
        self.empty = defaultdict[int, set[int]](set)  # by step: numbers of retained messages without a body
        self.perhaps_empty = defaultdict[int, set[int]](set)  # by step: the same, as far as it is not known
        self.names: dict[int, dict[int, str]] = {}  # by step and number: ActiveMQ's message ids
        self._uncounted: set[tuple[str, str]] = set()  # by broker and consumer id: bridges and browsers
        self._gaps = ObserverGaps()
        self._dispatches = Dispatches()
        self.copies = Copies()
        self.ids = MessageIds(self.copies)
        self.last_places = LastPlaces(self.ids.repeated)
        self.automatic: set[str] = set()  # clients for which a broker acknowledges by itself

    def of(self, observations: Iterable[Observation]) -> Iterator[Observation]:
        """Yield all observations in the order of their moments, with those of the applications' clients."""
        waiting: list[tuple[float, bool, int, Observation, int]] = []
        latest, over = -inf, False
        for number, seen in enumerate(self._lab.left(observations)):
            over |= isinstance(seen, Ended)
            sending = isinstance(seen, MessageSeen) and seen.event == "sent"  # its broker may dispatch it first
            heappush(waiting, (seen.t, not sending, number, seen, self._gaps.process(seen)))
            latest = max(latest, seen.t)
            while waiting and waiting[0][0] < latest - HORIZON:
                yield from self._told(*heappop(waiting)[3:])
        told = latest - _LAG  # until then a client was connected of which no event shows that it left
        if not over:
            self.until = told
        while waiting:
            if waiting[0][0] > told:
                yield from self._listening(told)
                told = inf
            yield from self._told(*heappop(waiting)[3:])
        for deliveries in self._early.values():
            for consumer, seen in deliveries:
                if over or seen.t <= latest - _LAG:  # the other broker's observer may tell of a later one's sending yet
                    self._note_unsent(consumer, seen)

    @property
    def handed(self) -> Mapping[str, int]:
        """Return the messages that steps handed to the lab's clients, where the brokers' events alone decide."""
        return self._lab.handed

    def crowded(self, receivers: Iterable[str], begin: float = -inf) -> str:
        """Return why deliveries to receivers cannot be assigned to messages sent since a moment; "" if they can."""
        names = dict.fromkeys(receivers)
        unsent = (name for name in names if name in self._unsent and self._unsent[name] >= begin)
        strange = (f"{name} received messages, and no observer saw who sent them" for name in unsent)
        mixed = (self.ids.mixed(destination, begin) for client, destination in self.brokers if client in names)
        return self._shared or next(
            filter(None, (*(self._crowded[name] for name in names if name in self._crowded), *strange, *mixed)), ""
        )

    def gap(self, begin: float, end: float = inf) -> str:
        """Return in words that events of applications are missing between two moments; "" if none are."""
        if not (self._declared or self._seen):
            return ""
        return self._gaps.between(begin, end)

    def doubts(self, begin: float, end: float) -> Iterator[Doubt]:
        """Yield the clients of which it is unknown whether they were subscribed between two moments."""
        return self._consumers.doubts(begin, end)

    @property
    def brokers(self) -> Mapping[tuple[str, str], Mapping[str, float]]:
        """Return by client and destination the brokers at which it was subscribed, with the last moment at each."""
        return self._consumers.brokers

    def hears_own(self, subscription: Subscription) -> bool | None:
        """Return whether a client gets the messages that it sends; None if only some of them, or it is not known.

        A broker has one connection of a client id at a time. What another connection of the client sends does come.
        """
        if (subscription.client, subscription.destination) not in self._without_own:
            return True
        one = len(self._connections[subscription.client]) == 1
        return False if one and not (subscription.durable or is_queue(subscription.destination)) else None

    def clock_error(self, publication: Publication, members: Iterable[Subscription]) -> float:
        """Return the seconds by which the times of messages to members may be wrong, since brokers' clocks differ."""
        error = self._gaps.clock_error(publication.broker) if publication.names else 0.0
        places = {place for each in members for place in self.brokers.get((each.client, each.destination), ())}
        return error + max(map(self._gaps.clock_error, places), default=0.0)

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

    def _told(self, seen: Observation, process: int) -> Iterator[Observation]:
        yield seen
        if isinstance(seen, MessageSeen | ConsumerSeen | ObserverChanged):
            yield from self._renew(seen.broker, process, seen.t)
        taker = None
        if isinstance(seen, MessageSeen) and seen.message not in self._of_lab:
            taker = self._consumers.known(seen.broker, seen.consumer)
            self.last_places.add(seen, "" if taker is None else taker.client)
        yield from self._followed(seen, process)
        if isinstance(seen, MessageSeen) and seen.message not in self._of_lab:
            self.copies.add(seen, "" if taker is None else taker.client)

    def _followed(self, event: Observation, process: int) -> Iterator[Observation]:
        """Yield the observations that follow from one."""
        match event:
            case Publishing() | Subscribed():
                self._own.add(f"mqlab-{self._run}-{event.client}")
            case ConsumerSeen():
                self.copies.consumer(event)
                yield from self._consumer(event, process)
            case MessageSeen() if not event.network:
                yield from self._message(event, process)
            case TransactionEnded():
                self.copies.ended(event)
                yield from self._transaction(event)
            case ConfigurationSaved():
                self._forwarded.clear()  # which broker has it, and since when, decides what becomes of messages
            case BridgeSeen():
                self.last_places.bridged(event)
            case ObserverChanged():
                self.ids.clock(event.clock_error)
                if self._gaps.add(event, process):
                    self._consumers.doubt(event.broker, event.t, process)
            case BrokerChanged() if event.state in GONE:
                killed = self._gaps.down(event)
                if not event.standby:
                    self.last_places.forget_places(event.broker)
                    self.copies.all_left(event.broker)
                    yield from self._consumers.all_left(event.broker, event.t)
                if killed:
                    self._consumers.doubt(event.broker, event.t)
            case Watched():
                self._watched = event.t
                yield from self._listening(event.t)

    def _renew(self, broker: str, process: int, t: float) -> Iterator[Observation]:
        """Note the first line of a broker's new process: no client is connected to an earlier process any more."""
        if process > self._process.get(broker, 0):
            self._process[broker] = process
            self.last_places.forget_places(broker)
            self.copies.all_left(broker)
            yield from self._consumers.all_left(broker, t, process - 1)

    def _listening(self, t: float) -> Iterator[ClientChanged]:
        """Yield that each client listens at a moment, unless the lab was not watched then, or a broker was silent."""
        if t - self._watched > 3 * BEAT or self._gaps.silent:
            return
        for client in self._consumers.listening:
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

    def _consumer(self, seen: ConsumerSeen, process: int) -> Iterator[Observation]:
        key = (seen.broker, seen.consumer)
        if seen.state == "forgotten":
            yield from self._consumers.forgotten(seen)
            return
        if seen.state == "unsubscribed":
            self._lab_consumers.discard(key)
            self._uncounted.discard(key)
            self.last_places.left(*key)
            yield from self._consumers.left(*key, seen.t)
            return
        if seen.network or seen.browser or seen.error:
            self._uncounted.add(key)
            return
        name = self.name_of(seen.client_id, seen.broker)
        if name is None:
            self._lab_consumers.add(key)
            return
        self._seen = True
        self._connections.setdefault(name, set()).add((seen.broker, seen.client_id))
        self.last_places.came(*key)
        declared = self._declared.get(name)
        consumer = Consumer(
            client=name,
            client_id=seen.client_id,
            connection=seen.connection,
            process=process,
            destination=seen.destination,
            over=_over(seen.over),
            durable=bool(seen.durable),
            since=seen.t,
            dispatched=declared is not None and declared.delivered_when == "dispatched",
        )
        if seen.no_local:
            self._without_own.add(consumer.subject)
        yield from self._consumers.subscribed(seen, consumer)
        self._dispatches.came(consumer.subject, key, self._consumers)

    def _message(self, seen: MessageSeen, process: int) -> Iterator[Observation]:
        if seen.event == "sent":
            if (name := self.name_of(seen.client_id, seen.broker)) is not None:
                yield from self._sending(seen, name)
            else:
                self._of_lab.add(seen.message)
                self.last_places.forget(seen.message)
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
        consumer = self._consumers.known(seen.broker, seen.consumer)
        if consumer is None:
            if (seen.broker, seen.consumer) not in self._uncounted:
                self._gaps.stranger(seen, process)
            return
        if seen.event == "dispatched":
            if seen.redelivered:
                consumer.redelivered.add(seen.message)
            its, to = consumer, (seen.broker, seen.consumer)
            first = self._dispatches.given(its.subject, self.ids.key(seen), to, self._consumers, counts=its.dispatched)
            if first and consumer.dispatched:
                yield from self._delivery(consumer, seen)
        elif seen.event == "acknowledged" and not seen.why:
            if seen.transaction:
                self._taken.setdefault(seen.transaction, []).append((consumer, seen))
            else:
                if seen.automatic and not consumer.dispatched:
                    self.automatic.add(consumer.client)
                yield from self._taking(consumer, seen)
        elif seen.event == "rejected":  # the client answered that it does not take the message
            by = (seen.broker, seen.consumer)
            self._dispatches.taken(consumer.subject, self.ids.key(seen), by, self._consumers, counts=False)

    def _sending(self, seen: MessageSeen, name: str) -> Iterator[Observation]:
        destination = self._forwarded.get((seen.broker, seen.destination), seen.destination)
        if again := self.ids.sent_again(seen, destination):
            if not seen.original:
                yield from self._outcome(seen, again)
            return
        lifetime = None if seen.lifetime is None else round(seen.lifetime, 1)  # an absolute end differs by milliseconds
        common = (name, seen.broker, destination, seen.persistent, seen.retain, lifetime)
        self._seen = True
        self._connections.setdefault(name, set()).add((seen.broker, seen.client_id))
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
        if seen.retain and not seen.bytes:
            # A text has its length in the broker's bytes, so an empty text of another protocol is kept.
            known = seen.bytes is not None and _over(seen.over) == "mqtt"
            (self.empty if known else self.perhaps_empty)[its[0]].add(its[1])
        yield Sent(t=seen.t, id=message)
        for consumer, early in self._early.pop(seen.message, ()):
            if _over(seen.over) == "amqp" and early.t < seen.t - self.ids.apart:  # of a message before, with its id
                self._note_unsent(consumer, early)
            else:
                yield from self._delivery(consumer, early.with_fields(t=max(early.t, seen.t)))
        yield from self._outcome(seen, message)

    def _note_unsent(self, consumer: Consumer, delivery: MessageSeen) -> None:
        """Note that a client received a message of which no event shows the sending."""
        self._unsent[consumer.client] = max(self._unsent.get(consumer.client, -inf), delivery.t)

    def _outcome(self, event: MessageSeen, message: str) -> Iterator[Acknowledged]:
        """Yield the outcome of a sending, if it is known before its transaction ends."""
        if event.why:
            yield Acknowledged(t=event.t, id=message, outcome=SendOutcome.FAILED, note=event.why)
        elif event.transaction:
            self._sent.setdefault(event.transaction, []).append(message)
        else:
            yield Acknowledged(t=event.t + (event.took or 0.0), id=message)

    def apply_dispatches(self, ledger: Ledger) -> None:
        """Add the dispatches without an acknowledgement, and the order of all dispatches, to the ledger."""
        counted = {name for name, its in self._declared.items() if its.delivered_when == "dispatched"}
        self._dispatches.apply(ledger, self.ids.position, counted)

    def _taking(self, consumer: Consumer, message: MessageSeen) -> Iterator[Received]:
        by, counts = (message.broker, message.consumer), not consumer.dispatched
        self._dispatches.taken(consumer.subject, self.ids.key(message), by, self._consumers, counts=counts)
        if counts:
            yield from self._delivery(consumer, message)

    def _delivery(self, consumer: Consumer, seen: MessageSeen) -> Iterator[Received]:
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
            if seen.committed:
                yield from self._taking(consumer, taken.with_fields(t=seen.t))


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
