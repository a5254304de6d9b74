"""Who was owed what: a topic subscription by itself, or all subscriptions of one queue together.

A Tally says, for one audience and one publication, what became of every message; every receipt is counted once.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import inf

from lab.activemq.destinations import hears
from lab.activemq.protocols import protocol
from lab.judge.evidence.ledger import Ledger
from lab.judge.evidence.owing import Kept, Owed, away, owed, since, surely_over
from lab.judge.evidence.records import OK, Publication, Receipts, Subscription, is_queue


@dataclass(slots=True, kw_only=True)
class Tally:
    """What one audience made of one publication; the arrays hold message numbers."""

    publication: Publication
    expected: int = 0
    received: int = 0
    recovered: int = 0
    duplicated: int = 0
    unexpected: int = 0
    undecided: int = 0
    reordered: int = 0
    redelivered: int = 0  # receipts beyond the first that are no fault of a broker's
    expired: int = 0  # over before anyone listened
    tempting: int = 0  # sends that would have come, had they been let through
    lost: array[int] = field(default_factory=lambda: array("I"))
    doubled: array[int] = field(default_factory=lambda: array("I"))  # received more than once
    in_doubt: array[int] = field(default_factory=lambda: array("I"))  # the undecided ones
    waiting: array[int] = field(default_factory=lambda: array("I"))  # kept for a subscriber that never came back
    unsure: array[int] = field(default_factory=lambda: array("I"))  # not received, and perhaps not owed
    why_unsure: str = ""
    kept: dict[int, float] = field(default_factory=dict)  # by number: from when on it could come
    arrived: array[int] = field(default_factory=lambda: array("I"))
    latency: array[float] = field(default_factory=lambda: array("d"))  # in seconds, beside `arrived`
    again: tuple[int, float] | None = None  # the first message received once more, and when
    first: tuple[int, float] | None = None  # the first one received at all, and when
    alike: bool = False  # bodies are equal and some are missing: which ones, nobody can tell

    def late(self, within: float) -> int:
        """Count the messages that took longer."""
        if not self.kept:
            return sum(1 for took in self.latency if took > within)
        return sum(1 for _, took in self.waits() if took > within)

    def waits(self) -> Iterable[tuple[int, float]]:
        """Return each message that arrived, and how long it took from when it could come."""
        pairs = zip(self.arrived, self.latency, strict=True)
        if not self.kept:
            return pairs
        sent_at = self.publication.sent_at
        return (
            (number, took if number not in self.kept else max(sent_at[number] + took - self.kept[number], 0.0))
            for number, took in pairs
        )

    def timed(self) -> tuple[Sequence[int], Sequence[float]]:
        """Return the messages whose way was timed, and how long each took: not those that waited at a broker."""
        if not self.kept:
            return self.arrived, self.latency
        pairs = [pair for pair in zip(self.arrived, self.latency, strict=True) if pair[0] not in self.kept]
        return [number for number, _ in pairs], [took for _, took in pairs]

    def due(self, number: int) -> float:
        """Return the moment from which a message was owed."""
        return self.kept.get(number, self.publication.sent_at[number])


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """Subscriptions that are owed messages together, with what became of every publication meant for them."""

    members: tuple[Subscription, ...]
    tallies: tuple[Tally, ...]
    retained: Kept  # by the brokers, for whoever subscribes

    @property
    def names(self) -> tuple[str, ...]:
        """Return the clients' names, each once."""
        return tuple(dict.fromkeys(member.client for member in self.members))

    @property
    def brokers(self) -> tuple[str, ...]:
        """Return the brokers they listen at, each once."""
        return tuple(dict.fromkeys(member.broker for member in self.members))

    @property
    def destinations(self) -> tuple[str, ...]:
        """Return what they subscribed to, each once."""
        return tuple(dict.fromkeys(member.destination for member in self.members))

    @property
    def until(self) -> float:
        """Return the moment the last of them stopped listening."""
        return max(member.until for member in self.members)


def audiences(ledger: Ledger) -> tuple[Audience, ...]:
    """Return every audience of a ledger, in the order they came to be."""
    ledger.level()
    found = []
    kept = Kept(ledger)
    for members in _together(ledger):
        meant = [
            publication
            for publication in ledger.publications.values()
            if any(hears(member.destination, publication.destination) for member in members)
        ]
        alike = _match_digests(members, meant)
        strays = _strays(ledger, members, meant)
        tallies = tuple(_tally(owed(members, publication, kept), publication, alike) for publication in meant)
        found.append(Audience(members=members, tallies=tallies + strays, retained=kept))
    return tuple(found)


def joint(together: Sequence[Audience]) -> Audience:
    """Take several audiences as one, which has what any of them received."""
    members = tuple(member for audience in together for member in audience.members)
    tallies = {tally.publication.step: tally for audience in together for tally in audience.tallies}
    alike = {tally.publication.step for audience in together for tally in audience.tallies if tally.alike}
    meant = [
        tallies[step].publication
        for step in sorted(tallies)
        if any(hears(member.destination, tallies[step].publication.destination) for member in members)
    ]
    kept = together[0].retained
    return Audience(
        members=members,
        tallies=tuple(_tally(owed(members, publication, kept), publication, alike) for publication in meant),
        retained=kept,
    )


def _together(ledger: Ledger) -> Iterable[tuple[Subscription, ...]]:
    """Put queue subscriptions that share a queue together; a topic subscription stands alone."""
    queues = {item.destination for item in ledger.publications.values() if is_queue(item.destination)}
    groups: list[tuple[list[Subscription], set[str]]] = []
    for subscription in ledger.subscriptions.values():
        if not is_queue(subscription.destination):
            groups.append(([subscription], set()))
            continue
        reach = {queue for queue in queues if hears(subscription.destination, queue)} | {subscription.destination}
        members = [subscription]
        for group in [group for group in groups if group[1] & reach]:
            groups.remove(group)
            members = [*group[0], *members]
            reach |= group[1]
        groups.append((members, reach))
    return (tuple(members) for members, _ in groups)


def _due(members: Sequence[Subscription], destination: str, sent: float) -> bool:
    """Return whether the audience was owed a message sent at that moment."""
    if is_queue(destination):  # a queue keeps what was sent before anyone listened
        return any(sent <= member.until for member in members if member.windows)
    return any(start <= sent < end for member in members for start, end in member.windows)


def _tally(owing: Owed, publication: Publication, alike: set[int]) -> Tally:
    members = owing.members
    tally = Tally(publication=publication, alike=publication.step in alike, why_unsure=owing.unsure)
    for other in owing.others:  # a broker gave them what their selectors do not let through
        if publication.step in other.receipts:
            tally.unexpected += sum(other.receipts[publication.step].times)
    receipts = [found for member in members if (found := member.receipts.get(publication.step)) is not None]
    tally.reordered = sum(found.reordered for found in receipts)
    sent_at, outcomes = publication.sent_at, publication.outcomes
    gone, durable = away(members), any(member.away for member in members)
    begins, ends = _certain(members, publication.destination)
    for number in range(1, publication.count + 1):
        sent = sent_at[number]
        times = 0
        for found in receipts:
            times += found.times[number]
        if sent != sent:  # NaN: never sent
            if times:
                tally.unexpected += times
            continue
        due = begins <= sent < ends or _due(members, publication.destination, sent)
        if not due and number in owing.retained:
            due = True
            tally.kept[number] = owing.retained[number]
        if due:
            tally.tempting += 1
        if not times:
            if due and outcomes[number] == OK:
                _missing(tally, owing, number, gone)
            elif due:
                tally.undecided += 1
                tally.in_doubt.append(number)
            continue
        if times > 1 and (surplus := _surplus(tally, members, receipts, number, times)):
            tally.duplicated += surplus
            tally.doubled.append(number)
        if not due and any(number in found.retained for found in receipts):
            tally.unexpected += 1  # kept by the broker from before the subscription
            continue
        # A message that came although it was sent just before the subscription was confirmed was owed after all.
        if outcomes[number] == OK:
            tally.expected += 1
            tally.received += 1
        else:
            tally.recovered += 1
        first = receipts[0].first_at[number] if len(receipts) == 1 else _first(receipts, number)
        if tally.first is None or first < tally.first[1]:
            tally.first = (number, first)
        tally.arrived.append(number)
        tally.latency.append(first - sent)
        if durable and number not in tally.kept and (back := since(members, sent, first)) is not None:
            tally.kept[number] = back
    tally.again = _again(receipts, tally, members)
    if tally.alike:  # how long each took cannot be told either
        del tally.latency[:], tally.arrived[:], tally.doubled[:]
    return tally


def _missing(tally: Tally, owing: Owed, number: int, gone: bool) -> None:
    """Say of a message that was accepted and never came whether it is lost."""
    publication = tally.publication
    if owing.unsure:
        tally.unsure.append(number)
    elif publication.expiry is not None:
        if surely_over(owing.members, publication.sent_at[number], publication.expiry):
            tally.expired += 1
        else:
            tally.unsure.append(number)
            tally.why_unsure = f"it was over after {publication.expiry:g} s, and may have been dropped for that"
    elif gone:
        tally.waiting.append(number)
    else:
        tally.expected += 1
        tally.lost.append(number)


def _surplus(
    tally: Tally, members: Sequence[Subscription], receipts: Sequence[Receipts], number: int, times: int
) -> int:
    """Count the receipts of a message beyond those that are no fault of a broker's."""
    by_right = sum(found.redelivered.get(number, 0) for found in receipts)
    retained = sum(found.retained.get(number, 0) for found in receipts)
    # What a broker has retained it gives at each subscription, whether it was received before or not.
    starts = (
        sum(member.starts for member in members if protocol(member.over) == "mqtt") if tally.publication.retained else 0
    )
    fresh = min(retained, starts)
    surplus = max(times - fresh - (1 if times > retained or not fresh else 0) - by_right, 0)
    tally.redelivered += times - 1 - surplus
    return surplus


def _certain(members: Sequence[Subscription], destination: str) -> tuple[float, float]:
    """Return one stretch of time in which a message is surely owed, to decide most cases quickly."""
    if is_queue(destination):
        return -inf, max((member.until for member in members if member.windows), default=-inf)
    return members[0].windows[-1] if members and members[0].windows else (inf, -inf)


def _first(receipts: Sequence[Receipts], number: int) -> float:
    return min(found.first_at[number] for found in receipts if found.times[number])


def _again(receipts: Sequence[Receipts], tally: Tally, members: Sequence[Subscription]) -> tuple[int, float] | None:
    """Find the first message that the audience received once more."""
    if not tally.duplicated:
        return None
    again = [found.again for found in receipts if found.again is not None]
    if len(receipts) > 1:
        for number in range(1, tally.publication.count + 1):
            having = [found.first_at[number] for found in receipts if found.times[number]]
            if len(having) > 1 and not any(number in found.redelivered for found in receipts):
                again.append((number, sorted(having)[1]))
                break
    return min(again, key=lambda found: found[1]) if again else None


def _strays(ledger: Ledger, members: Sequence[Subscription], meant: Sequence[Publication]) -> tuple[Tally, ...]:
    """Count receipts of messages that were sent elsewhere: they are of this run, and nobody meant them for these."""
    steps = {publication.step for publication in meant}
    found = []
    for publication in ledger.publications.values():
        receipts = [member.receipts[publication.step] for member in members if publication.step in member.receipts]
        if publication.step not in steps and receipts:
            firsts = [
                (number, _first(receipts, number))
                for number in range(1, publication.count + 1)
                if any(each.times[number] for each in receipts)
            ]
            unexpected = sum(sum(each.times) for each in receipts)
            first = min(firsts, key=lambda pair: pair[1], default=None)
            found.append(Tally(publication=publication, unexpected=unexpected, first=first))
    return tuple(found)


def _match_digests(members: Sequence[Subscription], meant: Sequence[Publication]) -> set[int]:
    """Turn receipts known by their body into receipts of messages: the n-th sent is the n-th received.

    Gives the steps of which bodies are equal and some are missing.
    """
    arrivals = sorted(
        (moment, position, digest, bool(retained))
        for position, member in enumerate(members)
        for digest, moment, retained in zip(member.digests, member.digest_times, member.digest_retained, strict=True)
    )
    sendings: dict[int, list[tuple[float, Publication, int, bool]]] = {}
    for publication in meant:
        if publication.digests is not None:
            known = [m.receipts[publication.step] for m in members if publication.step in m.receipts]
            for number in range(1, publication.last + 1):
                digest = publication.digests[number]
                if digest >= 0:
                    sent = publication.sent_at[number]
                    if any(receipts.times[number] for receipts in known):  # it came with its id, in a header
                        continue
                    due = _due(members, publication.destination, sent)
                    sendings.setdefault(digest, []).append((sent, publication, number, due))
    for same in sendings.values():
        # Those that were owed come first; of these, those accepted, if fewer came than were sent.
        same.sort(key=lambda each: (not each[3], each[0]))
    counts: dict[int, int] = {}
    for _, _, digest, _ in arrivals:
        counts[digest] = counts.get(digest, 0) + 1
    alike: set[int] = set()
    for digest, same in sendings.items():
        owed = [each for each in same if each[3]] or same
        if len(owed) > 1 and counts.get(digest, 0) < len(owed):
            owed.sort(key=lambda each: (each[1].outcomes[each[2]] != OK, each[0]))
            alike.update(publication.step for _, publication, _, _ in owed)
        sendings[digest] = owed
    met: dict[int, int] = {}
    for moment, position, digest, retained in arrivals:
        member = members[position]
        if digest not in sendings:
            member.surprise(moment)
            continue
        turn = met[digest] = met.get(digest, 0) + 1
        owed = sendings[digest]
        _, publication, number, _ = owed[min(turn, len(owed)) - 1]
        receipts = member.of(publication)
        if receipts.add(number, moment, retained):
            top = receipts.top
            place = (publication.step << 32) + number
            if place < top[0] and len(owed) == 1:
                receipts.out_of_order(number)
            top[0] = max(top[0], place)
    return alike
