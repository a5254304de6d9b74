"""What one audience made of one publication: what became of every message, every receipt counted once."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import inf

from lab.activemq.protocols import protocol
from lab.judge.evidence.entitlement import Entitlement, away, due_at, since, surely_over
from lab.judge.evidence.ledger import Ledger
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


def tally_of(owed: Entitlement, publication: Publication, alike: set[int]) -> Tally:
    """Return what an audience made of a publication, knowing the steps whose equal bodies cannot be told apart."""
    members = owed.members
    tally = Tally(publication=publication, alike=publication.step in alike, why_unsure=owed.unsure)
    for other in owed.others:  # a broker gave them what their selectors do not let through
        if publication.step in other.receipts:
            tally.unexpected += sum(other.receipts[publication.step].times[publication.first :])
    receipts = [found for member in members if (found := member.receipts.get(publication.step)) is not None]
    tally.reordered = sum(found.reordered for found in receipts)
    sent_at, outcomes = publication.sent_at, publication.outcomes
    gone, durable = away(members), any(member.away for member in members)
    begins, ends = _certain(members, publication.destination)
    doubtful = set().union(*(member.doubtful for member in members))
    for number in range(publication.first, publication.count + 1):
        sent = sent_at[number]
        times = 0
        for found in receipts:
            times += found.times[number]
        if sent != sent:  # NaN: never sent
            if times and not publication.partial:
                tally.unexpected += times
            continue
        if doubtful and (publication.step << 32) + number in doubtful:
            tally.unsure.append(number)
            tally.why_unsure = "its body is that of an earlier message that had not come"
            continue
        due = begins <= sent < ends or due_at(members, publication.destination, sent)
        if not due and number in owed.retained:
            due = True
            tally.kept[number] = owed.retained[number]
        if due:
            tally.tempting += 1
        if not times:
            if due and outcomes[number] == OK:
                _missing(tally, owed, number, gone)
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


def _missing(tally: Tally, owed: Entitlement, number: int, gone: bool) -> None:
    """Say of a message that was accepted and never came whether it is lost."""
    publication = tally.publication
    if owed.unsure:
        tally.unsure.append(number)
    elif publication.expiry is not None:
        if surely_over(owed.members, publication.sent_at[number], publication.expiry):
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
        for number in range(tally.publication.first, tally.publication.count + 1):
            having = [found.first_at[number] for found in receipts if found.times[number]]
            if len(having) > 1 and not any(number in found.redelivered for found in receipts):
                again.append((number, sorted(having)[1]))
                break
    return min(again, key=lambda found: found[1]) if again else None


def strays(ledger: Ledger, members: Sequence[Subscription], meant: Sequence[Publication]) -> tuple[Tally, ...]:
    """Count receipts of messages that were sent elsewhere: they are of this run, and nobody meant them for these."""
    steps = {publication.step for publication in meant}
    found = []
    for publication in ledger.publications.values():
        receipts = [member.receipts[publication.step] for member in members if publication.step in member.receipts]
        if publication.step not in steps and receipts:
            firsts = [
                (number, _first(receipts, number))
                for number in range(publication.first, publication.count + 1)
                if any(each.times[number] for each in receipts)
            ]
            unexpected = sum(sum(each.times[publication.first :]) for each in receipts)
            first = min(firsts, key=lambda pair: pair[1], default=None)
            found.append(Tally(publication=publication, unexpected=unexpected, first=first))
    return tuple(found)
