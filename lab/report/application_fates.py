"""The fates of applications' messages: those that are waiting, late, lost or doubled, as far as a history proves.

The evidence decides which messages were expected and which came. The events of observers show where a message waits, or
how it ended.
A message to a queue has one fate; a message to a topic has one for each client that is to receive it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from math import inf

from lab.activemq.destinations import hears, parts_of
from lab.base.dataclass import dataclass
from lab.history import MessageSeen, Observation, TransactionEnded
from lab.history.expected.entitlement import had_time
from lab.history.expected.records import Publication, is_queue
from lab.judge.evidence.applications import HORIZON, Applications
from lab.judge.evidence.audiences import Audience
from lab.judge.evidence.configurations import routes
from lab.judge.evidence.evidence import Evidence
from lab.judge.evidence.tally import Tally
from lab.judge.wording import gap, listed, moment
from lab.report.copies import ACKNOWLEDGED, BY_ITSELF, ENDS, Change, copies, is_change
from lab.report.trace import outcome

WAITING = "waiting"  # its time is over, and a broker has it
OVERDUE = "overdue"  # its time is over, and no event shows where it is
LATE = "late"  # it came when its time was over
LOST = "lost"  # a broker ended it
DOUBLED = "doubled"
ARRIVED = "arrived"  # in its time, which was not known before
UNKNOWN = "unknown"  # events are missing
STATES = (WAITING, OVERDUE, LATE, LOST, DOUBLED, ARRIVED, UNKNOWN)
Key = tuple[str, str]  # ActiveMQ's message id; the client of a topic's message, "" of a queue's
# Seconds by which a running lab's history may lag: events come in 0.1 s, or their observer counts as silent.
SETTLES = 1.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """The present state of a message, and the reason in words that time does not change."""

    state: str
    message: str  # ActiveMQ's id
    correlation: str
    client: str  # of a topic's message
    text: str
    where: str = ""  # the place of a message that waits

    @property
    def name(self) -> str:
        """Return the correlation id with the message id, or the message id alone."""
        return f"{self.correlation} ({self.message})" if self.correlation else self.message


@dataclass(slots=True, kw_only=True)
class Fates:
    """All fates at a moment, with the number of deliveries in time."""

    t: float
    known: dict[Key, Fate] = field(default_factory=dict)
    sent: int = 0
    in_time: int = 0
    pending: int = 0  # deliveries whose time is not over, or of which it is unknown whether they were in time
    open_ids: set[str] = field(default_factory=set)  # messages that have not reached all their receivers
    doubts: list[str] = field(default_factory=list)  # why messages are left out or unknown

    @property
    def counts(self) -> Mapping[str, int]:
        """Return the number of fates by state."""
        return Counter(fate.state for fate in self.known.values())


class Events:
    """The events of messages on their way, as observers recorded them."""

    def __init__(self) -> None:
        self.of: dict[str, list[MessageSeen]] = {}
        self.committed: set[tuple[str, str]] = set()
        self.changes: list[Change] = []

    def add(self, observations: Iterable[Observation]) -> None:
        """Add new observations."""
        for seen in observations:
            if isinstance(seen, MessageSeen):
                self.of.setdefault(seen.message, []).append(seen)
            elif isinstance(seen, TransactionEnded) and seen.committed:
                self.committed.add((seen.broker, seen.transaction))
            elif is_change(seen):
                self.changes.append(seen)  # type: ignore[arg-type]  # it is one

    def keep(self, fates: Fates, known: Iterable[Key]) -> None:
        """Forget the messages whose fates are settled: each other one is open, known, or newer than the evidence."""
        needed = fates.open_ids | {message for message, _ in known}
        for message in self.of.keys() - needed:
            if max(seen.t for seen in self.of[message]) < fates.t - HORIZON:
                del self.of[message]

    def correlation(self, message: str) -> str:
        """Return the correlation id of a message."""
        return next((seen.correlation for seen in self.of.get(message, ()) if seen.correlation), "")


def changes(known: dict[Key, Fate], now: Fates) -> Iterator[Fate]:
    """Yield each new or changed fate, and put the fate into `known`."""
    for key, fate in now.known.items():
        if known.get(key) != fate:
            known[key] = fate
            yield fate
    for key in [key for key in known if key not in now.known]:
        before = known.pop(key)
        yield Fate(
            state=UNKNOWN,
            message=before.message,
            correlation=before.correlation,
            client=before.client,
            text="the history does not show the end of the message any more",
        )


class Reader:
    """Reads the fates from the evidence of a history; `usual` is the time allowed where no expectation has one."""

    def __init__(
        self,
        evidence: Evidence,
        limits: Sequence[Mapping[int, float]],
        events: Events,
        known: Mapping[Key, Fate],
        usual: float,
    ) -> None:
        assert evidence.applications is not None  # the brokers of the run were observed
        self._evidence, self._events, self._known, self._usual = evidence, events, known, usual
        self._applications: Applications = evidence.applications
        self._routes = routes(evidence.header.declared)
        self._limits = {id(its): row for its, row in zip(evidence.audiences, limits, strict=True)}
        timeline = evidence.timeline
        running = timeline.standing and timeline.ended is None
        self._now = timeline.end - (SETTLES if running else 0.0)
        self._fates = Fates(t=timeline.end)

    def fates(self) -> Fates:
        """Return all fates."""
        ledger = self._evidence.ledger
        if missing := self._applications.gap(self._evidence.timeline.interval.begin):
            self._fates.doubts.append(missing)
        for step in self._applications.names:
            publication = ledger.publications[str(step)]
            self._fates.sent += sum(1 for t in publication.sent_at[publication.first :] if t == t)
            if is_queue(publication.destination):
                self._of_queue(publication)
            else:
                for audience in self._evidence.audiences:
                    for tally in audience.tallies:
                        if tally.publication is publication:
                            self._of_topic(audience, tally)
        return self._fates

    def _of_queue(self, publication: Publication) -> None:
        its = [
            (audience, tally)
            for audience in self._evidence.audiences
            for tally in audience.tallies
            if tally.publication is publication
            and any(hears(own, publication.destination) for own in audience.destinations)
        ]
        names = [name for audience, _ in its for name in audience.names]
        if self._is_crowded(names):
            return
        within = min((self._within(audience, publication) for audience, _ in its), default=self._usual)
        within += max((self._evidence.clock_error(tally) for _, tally in its), default=0.0)
        took: dict[int, float] = {}
        if len(parts_of(publication.destination)) == 1:
            for _, tally in its:
                for number, seconds in tally.waits():
                    took[number] = min(seconds, took.get(number, inf))
        else:  # each audience has a copy, and the message has come when the last copy has
            waits = [dict(tally.waits()) for _, tally in its] or [{}]
            took = {number: max(copy[number] for copy in waits) for number in set.intersection(*map(set, waits))}
        doubled = {number for _, tally in its for number in tally.doubled}
        for number in range(publication.first, publication.last + 1):
            if number in took:
                self._came(publication, number, "", names, took[number], within, twice=number in doubled)
            elif not publication.accepted(number):  # its transaction may be open
                self._fates.open_ids.add(publication.named(number))
            else:
                due = max((tally.due(number) for _, tally in its), default=publication.sent_at[number])
                self._did_not_come(publication, number, "", due + within <= self._now)

    def _of_topic(self, audience: Audience, tally: Tally) -> None:
        names = list(audience.names)
        if self._is_crowded(names):
            return
        publication, client = tally.publication, listed(names)
        within = self._within(audience, publication) + self._evidence.clock_error(tally)
        doubled = set(tally.doubled)
        for number, seconds in tally.waits():
            self._came(publication, number, client, names, seconds, within, twice=number in doubled)
        had = had_time(tally.members, publication.destination, within, self._now)
        for number in tally.lost:
            self._did_not_come(publication, number, client, had(tally.due(number)), audience)
        for number in tally.waiting:
            self._did_not_come(publication, number, client, tally.due(number) + within <= self._now, audience)
        for number in tally.unsure:  # such as one that may have expired: an event may show it
            self._did_not_come(publication, number, client, False, audience)

    def _is_crowded(self, names: Sequence[str]) -> bool:
        """Return whether deliveries to some clients cannot be assigned to messages, and note why."""
        why = self._applications.crowded(names, self._evidence.timeline.interval.begin)
        if why and why not in self._fates.doubts:
            self._fates.doubts.append(why)
        return bool(why)

    def _within(self, audience: Audience, publication: Publication) -> float:
        return self._limits.get(id(audience), {}).get(publication.step, self._usual)

    def _came(
        self,
        publication: Publication,
        number: int,
        client: str,
        names: Sequence[str],
        seconds: float,
        within: float,
        *,
        twice: bool,
    ) -> None:
        """Note a message that came, if it came late or twice, or if another fate is known of it."""
        key = self._key(publication, number, client)
        who = client or listed(list(dict.fromkeys(names)))
        came = "was dispatched to" if self._applications.dispatches(names) else "arrived at"
        sent_at = publication.sent_at[number]
        until = inf if twice else sent_at + seconds
        missing = self._applications.gap(sent_at, until) if publication.over == "amqp" else ""
        if missing and (twice or seconds > within):  # the sender may have sent another message with the same id
            self._doubt(key, f"it {came} {who} after {gap(seconds)}; {missing}")
        elif twice:
            self._put(key, DOUBLED, f"it {came} {who} more than once, first after {gap(seconds)}")
        elif seconds > within:
            self._put(key, LATE, f"it {came} {who} after {gap(seconds)}")
        elif key in self._known:
            self._put(key, ARRIVED, f"it {came} {who} after {gap(seconds)}")
        else:
            self._fates.in_time += 1

    def _did_not_come(
        self, publication: Publication, number: int, client: str, over: bool, audience: Audience | None = None
    ) -> None:
        """Note a message that did not come, if its end is known, or if its time is over."""
        key, message = self._key(publication, number, client), publication.named(number)
        self._fates.open_ids.add(message)
        events = sorted(self._events.of.get(message, ()), key=lambda seen: seen.t)
        if message in self._applications.ids.repeated:  # the earlier ones are of another message
            events = [seen for seen in events if seen.t >= publication.sent_at[number]]
        sent = f"sent at {moment(publication.sent_at[number])} by {publication.client} to {publication.destination}"
        found = copies(events, self._events.committed, self._events.changes, self._routes) if audience is None else ()
        end = self._end(events, client)
        if end is not None and not any(copy.is_open for copy in found):
            why = f": {end.why}" if end.why else ""
            self._put(key, LOST, f"{sent}; it {ENDS[end.event]} at {end.broker}{why}")
            return
        if missing := self._applications.gap(sent_at := publication.sent_at[number]) or self._in_doubt(
            audience, publication.destination, sent_at
        ):
            self._doubt(key, f"{sent}; {missing}")
            return
        if not over and key not in self._known:
            self._fates.pending += 1
            return
        if audience is not None:
            state, where = self._way(events, client, audience)
        else:
            states, where = {copy.state for copy in found}, outcome(events, found)
            state = WAITING if any(copy.is_open for copy in found) else OVERDUE
            if states & {ACKNOWLEDGED, BY_ITSELF} and state == OVERDUE:
                if key in self._known:  # this event is newer than the evidence
                    self._fates.known[key] = self._known[key]
                else:
                    self._fates.pending += 1
                return
        self._put(key, state, f"{sent}; {where}", where)

    def _doubt(self, key: Key, why: str) -> None:
        """Note that the fate of a message is unknown: in words if another fate is known of it."""
        if key in self._known:
            self._put(key, UNKNOWN, why)
        else:
            self._fates.pending += 1

    def _in_doubt(self, audience: Audience | None, topic: str, t: float) -> str:
        """Return why it is unknown whether the clients of a topic were subscribed at a moment; "" if it is known."""
        if audience is None:
            return ""
        for unsure in self._applications.doubts(t, t):
            if unsure.client in audience.names and hears(unsure.destination, topic):
                return str(unsure)
        return ""

    def _end(self, events: Sequence[MessageSeen], client: str) -> MessageSeen | None:
        """Return the event that ended a message, for a client of a topic; None if there is none."""
        for seen in reversed(events):
            meant = not client or self._applications.name_of(seen.client_id, seen.broker) == client
            if meant and seen.event in ENDS and not seen.network:
                return seen
        return None

    def _way(self, events: Sequence[MessageSeen], client: str, audience: Audience) -> tuple[str, str]:
        """Return the state and the place of a topic's message on its way to a client, in words."""
        brokers, name_of = audience.brokers, self._applications.name_of
        for seen in events:
            if seen.event == "dispatched" and not seen.network and name_of(seen.client_id, seen.broker) == client:
                return WAITING, f"dispatched to {client} at {seen.broker}, and not acknowledged"
        there = [seen.broker for seen in events if seen.event == "sent" and seen.broker in brokers]
        if there:
            if any(member.away and member.away[-1][1] == inf for member in audience.members):
                return WAITING, f"it waits at {there[-1]} for {client}, which is away"
            return OVERDUE, f"{there[-1]} accepted it, and has not dispatched it to {client}"
        last = next((seen.broker for seen in reversed(events) if seen.event == "sent"), "")
        came = f"{last} accepted it, and it" if last else "it"
        return OVERDUE, f"{came} has not come to {listed(list(brokers))}"

    def _key(self, publication: Publication, number: int, client: str) -> Key:
        """Return the key of a message; of several with one id, the moment of its sending is a part."""
        name = publication.named(number)
        if name in self._applications.ids.repeated:
            name = f"{name} sent at {moment(publication.sent_at[number])}"
        return name, client

    def _put(self, key: Key, state: str, text: str, where: str = "") -> None:
        message, client = key
        before = self._known.get(key)
        correlation = self._events.correlation(message) or ("" if before is None else before.correlation)
        self._fates.known[key] = Fate(
            state=state, message=message, correlation=correlation, client=client, text=text, where=where
        )
