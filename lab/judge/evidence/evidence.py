"""The evidence that a judge of an expectation is given, and the choice of the audiences that concern it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import count
from operator import itemgetter
from pathlib import Path

from lab.activemq.destinations import hears
from lab.base.dataclass import dataclass
from lab.declare.application import Application
from lab.declare.expectations.base import Arrivals
from lab.declare.fields import Receivers
from lab.declare.steps import STEPS
from lab.declare.steps.base import Step
from lab.errors import InputError, Place
from lab.history import (
    Acknowledged,
    ClientChanged,
    Ended,
    Header,
    Observation,
    Publishing,
    Received,
    Sent,
    Settled,
    Subscribed,
    Trouble,
    Unsubscribed,
)
from lab.history.expected.records import Subscription
from lab.judge.evidence.applications import Applications, declared_in, observed
from lab.judge.evidence.audiences import Audience, audiences, merge
from lab.judge.evidence.causes import Causes
from lab.judge.evidence.conclusions import conclude
from lab.judge.evidence.configurations import stampings
from lab.judge.evidence.efforts import Effort, efforts
from lab.judge.evidence.flaws import Flaws
from lab.judge.evidence.interval import WHOLE, Interval
from lab.judge.evidence.ledger import Ledger
from lab.judge.evidence.moments import Moments
from lab.judge.evidence.routes import Routes, routes
from lab.judge.evidence.tally import Tally
from lab.judge.evidence.timeline import Timeline


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """An audience, and those of its tallies that an expectation is about."""

    audience: Audience
    tallies: tuple[Tally, ...]
    of_one: bool = False  # of one destination alone

    @property
    def astray(self) -> tuple[Tally, ...]:
        """Return the tallies, not chosen, of messages received though no subscription of the audience hears them."""
        own, chosen = self.audience.destinations, {tally.publication.step for tally in self.tallies}
        others = (tally for tally in self.audience.tallies if tally.publication.step not in chosen)
        return tuple(each for each in others if not any(hears(one, each.publication.destination) for one in own))

    @property
    def busy(self) -> bool:
        """Return whether a message was expected by the audience or reached it."""
        return any(tally.eligible or tally.first_arrival for tally in self.tallies) or any(
            member.unexplained if self.of_one else member.arrivals_in_all for member in self.audience.members
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A history, sorted into messages, everything else, audiences and possible causes."""

    header: Header
    ledger: Ledger
    timeline: Timeline
    audiences: tuple[Audience, ...]
    causes: Causes
    routes: Routes
    efforts: tuple[Effort, ...]  # of every step that sends or takes messages
    applications: Applications | None = None  # of a run whose brokers were observed
    damage: str = ""  # why the history cannot be what a run wrote, and where; then nothing is known of it for certain
    unsealed: str = ""  # why the history has no checksum, as a sentence without a full stop; then nothing is passed

    def clock_error(self, tally: Tally) -> float:
        """Return the seconds by which the times of a tally's messages may be wrong; 0 for the lab's own clients."""
        its = self.applications
        return 0.0 if its is None else its.clock_error(tally.publication, tally.members)

    def chosen(self, receivers: Receivers | None, destination: str | None) -> tuple[Chosen, ...]:
        """Return the audiences of `receivers`, all if None, with their tallies of `destination`, of any if None."""
        return self.meant(Arrivals(to=receivers, destination=destination))

    def meant(self, wanted: Arrivals) -> tuple[Chosen, ...]:
        """Return the audiences that an expectation is about, with the tallies of its destination and senders.

        Of a queue's subscribers those named are meant alone, together. Receivers of which any may receive a message
        are merged into one audience.
        """
        found = self.covered(wanted)
        receivers = wanted.to
        if receivers is None and wanted.at is None:
            return found
        if receivers is not None and receivers.any and len(found) > 1:
            merged = merge([each.audience for each in found], _named(found, wanted))
            return (Chosen(audience=merged, tallies=_tallies_for(merged, wanted)),)
        return tuple(_narrowed(each, wanted) for each in found)

    def covered(self, wanted: Arrivals) -> tuple[Chosen, ...]:
        """Return the whole audiences with any of the receivers; an idle one only of a client without a busy one."""
        to, destination = () if wanted.to is None else wanted.to.names, wanted.destination
        found = []
        for audience in self.audiences:
            if (to or wanted.at is not None) and not _members(audience, wanted):
                continue
            if destination is not None and not any(hears(own, destination) for own in audience.destinations):
                continue
            its = _tallies_for(audience, wanted)
            found.append(Chosen(audience=audience, tallies=its, of_one=destination is not None))
        if not to and destination is not None:  # of a wildcard's subscribers, only those that were sent to
            meant = [one for one in found if one.tallies or destination in one.audience.destinations]
            found = meant or found
        # An idle subscription says nothing about a client that expected messages through another one.
        served = {name for one in found if one.busy for name in one.audience.names}
        return tuple(one for one in found if one.busy or not served.issuperset(_meant(one.audience, to)))


def _meant(audience: Audience, names: Sequence[str]) -> list[str]:
    """Return those of an audience's clients that are meant, all if no names are given."""
    return [name for name in audience.names if not names or name in names]


def _members(audience: Audience, wanted: Arrivals) -> list[Subscription]:
    """Return the members that an expectation is about: by name, by broker, and by destination."""
    return [
        member
        for member in audience.members
        if any(wanted.are_for(member.client, broker) for broker in member.brokers or (member.broker,))
        and (wanted.destination is None or hears(member.destination, wanted.destination))
    ]


def _named(audiences: Sequence[Chosen], wanted: Arrivals) -> list[Subscription]:
    """Return the members of several audiences that an expectation is about."""
    return [member for each in audiences for member in _members(each.audience, wanted)]


def _narrowed(whole: Chosen, wanted: Arrivals) -> Chosen:
    """Return a queue's audience with the meant members alone; another one as it is."""
    only = _members(whole.audience, wanted)
    if len(only) == len(whole.audience.members):
        return whole
    audience = merge([whole.audience], only)
    return Chosen(audience=audience, tallies=_tallies_for(audience, wanted))


def _tallies_for(audience: Audience, wanted: Arrivals) -> tuple[Tally, ...]:
    """Return the tallies of an expectation's destination, of any if it has none, and of its senders."""
    return tuple(
        tally
        for tally in audience.tallies
        if wanted.are_from(tally.publication.client)
        and (wanted.destination is None or hears(wanted.destination, tally.publication.destination))
    )


def collect_evidence(
    header: Header,
    observations: Iterable[Observation],
    interval: Interval = WHOLE,
    steps: Mapping[str, type[Step]] = STEPS,
    file: str = "",
    damage: str = "",
    clients: Mapping[str, Application] | None = None,  # the applications; None: those of the run's own scenario
    unsealed: str = "",
) -> Evidence:
    """Return the evidence in an interval of a history; the observations are iterated over once.

    `file` is where a run wrote it, line by line, for the place of what is wrong with it; "" where it is in memory.
    `damage` is what is known to be wrong already, and `unsealed` the reason why there is no checksum. Raise InputError
    if a file without a checksum has lines of another run.
    """
    written, file = bool(file), file or "history.jsonl"
    line = deque((1,), maxlen=1)  # the number of the present one; counted in C, since a history may have ten million
    observations = map(itemgetter(0), zip(observations, map(line.append, count(2)), strict=False))
    applications = None
    if observed(header):
        applications = Applications(header, declared_in(header) if clients is None else clients)
        observations = applications.of(observations)
    flaws = Flaws(Path(file).name, lambda: line[0])
    ledger = Ledger(interval.begin, standing=header.standing, flaws=flaws)
    timeline = Timeline(interval, standing=header.standing, kinds=steps)
    moments = Moments(ledger, flaws, standing=header.standing, written=written)
    received, acknowledged, sent = ledger.received, ledger.acknowledged, ledger.sent
    last, ended = 0.0, None
    try:
        for seen in interval.of(observations):
            if seen.t > last:
                last = seen.t
            elif seen.t < last:
                moments.earlier(seen, last)
            kind = type(seen)
            if kind is Received:
                received(seen)  # type: ignore[arg-type]  # isinstance costs a second per ten million
            elif kind is Acknowledged:
                acknowledged(seen)  # type: ignore[arg-type]
            elif kind is Sent:
                sent(seen)  # type: ignore[arg-type]
            elif isinstance(seen, Subscribed):
                ledger.subscribed(seen)
            elif isinstance(seen, Unsubscribed):
                ledger.unsubscribed(seen)
            elif isinstance(seen, Publishing):
                ledger.publishing(seen)
            elif isinstance(seen, Settled):
                ledger.settled(seen)
            else:
                if isinstance(seen, Trouble):
                    ledger.connection_lost(seen.who, seen.t)
                elif isinstance(seen, ClientChanged):
                    ledger.client_changed(seen)
                elif isinstance(seen, Ended) and ended is None:
                    ended = flaws.line()
                moments.look(seen, last)
                timeline.add(seen)
    except InputError as error:
        place = Place(file=file, line=flaws.line(), column=1)
        raise InputError([replace(each, place=each.place or place) for each in error.problems]) from error
    if timeline.ended is None or timeline.ended.lines is None:
        flaws.refuse_foreign(file)
    timeline.close(last)
    if applications is not None:
        for step, names in applications.names.items():
            publication = ledger.publications[str(step)]
            publication.names = names
            publication.empty, publication.perhaps_empty = applications.empty[step], applications.perhaps_empty[step]
            if publication.expiry is not None:
                ends = ((number, applications.last_places.expired(name)) for number, name in names.items())
                publication.ends = {number: its for number, its in ends if its}
        for message in applications.ids.withdrawn:
            of_step, _, digits = message.partition("-")
            ledger.publications[of_step].withdraw(int(digits))
        for of, places in applications.brokers.items():
            its = ledger.subscriptions.get(of)
            if its is not None:
                its.brokers |= {broker for broker, until in places.items() if until >= interval.begin}
                its.alive = min(its.alive, applications.until)
                its.hears_own = applications.hears_own(its)
        applications.apply_dispatches(ledger)
    _shorten(ledger, header)
    found = routes(header)
    conclude(timeline)
    moments.close(complete=timeline.counted)
    if ended is not None and ended < flaws.line():
        flaws.add("the history goes on after its end", ended + 1)
    return Evidence(
        header=header,
        ledger=ledger,
        timeline=timeline,
        audiences=audiences(ledger, timeline.end),
        causes=Causes(timeline, found),
        routes=found,
        efforts=efforts(ledger, timeline, {} if applications is None else applications.handed),
        applications=applications,
        damage="; ".join(words for words in (flaws.words, damage) if words),
        unsealed=unsealed,
    )


def _shorten(ledger: Ledger, header: Header) -> None:
    """Note of each publication how long its messages live at least, by the plugins of brokers that stamp them."""
    plugins = stampings(header.declared)
    for publication in ledger.publications.values() if plugins else ():
        own = plugins.get(publication.broker, ())
        beyond = (
            each for broker, its in plugins.items() for each in its if broker != publication.broker and each.network
        )
        asked = None if publication.expiry is None else round(publication.expiry * 1000)
        lives = [life for each in (*own, *beyond) if (life := each.lives(asked)) is not None]
        if lives:
            publication.shortest_life = min(lives) / 1000
