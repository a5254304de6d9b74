"""The tally of one publication for one audience: the fate of every message, with every arrival counted once."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import field
from math import inf

from lab.activemq.protocols import protocol
from lab.base.dataclass import dataclass
from lab.history.expected.entitlement import (
    Entitlement,
    copies,
    could_expire,
    due_at,
    never_returned,
    returned_at,
    surely_expired,
)
from lab.history.expected.records import OK, PERHAPS, Arrivals, Publication, Subscription, is_queue
from lab.judge.evidence.last_places import ran_out


@dataclass(slots=True, kw_only=True)
class Tally:
    """The counts of one publication for one audience; arrays hold message numbers unless noted."""

    publication: Publication
    members: tuple[Subscription, ...] = ()  # of the audience, those that are to receive it
    expected: int = 0
    received: int = 0
    recovered: int = 0
    duplicated: int = 0
    unexpected: int = 0
    undecided: int = 0
    reordered: int = 0
    redelivered: int = 0  # arrivals beyond the first that a broker may rightly make
    retained_again: int = 0  # those of them that came at a subscription, as the message is retained
    copies: int = 0  # those of them that came for another subscription of the client
    expired: int = 0  # expired before any member listened
    eligible: int = 0  # sends, accepted or not, while the audience was entitled to them
    lost: array[int] = field(default_factory=lambda: array("I"))
    doubled: array[int] = field(default_factory=lambda: array("I"))  # received more than once
    in_doubt: array[int] = field(default_factory=lambda: array("I"))  # the undecided ones
    waiting: array[int] = field(default_factory=lambda: array("I"))  # kept for a durable subscriber that never returned
    unsure: array[int] = field(default_factory=lambda: array("I"))  # not received and perhaps not expected
    why_unsure: str = ""
    kept: dict[int, float] = field(default_factory=dict)  # by number: the moment from which it could be delivered
    arrived: array[int] = field(default_factory=lambda: array("I"))
    latency: array[float] = field(default_factory=lambda: array("d"))  # seconds, parallel to `arrived`
    first_duplicate: tuple[int, float] | None = None  # number and moment of the first duplicate
    first_arrival: tuple[int, float] | None = None  # number and moment of the first arrival of all
    elsewhere: array[int] = field(default_factory=lambda: array("I"))  # received by others of the queue alone
    alike: bool = False  # some bodies are equal: how many of those came is known, and not which

    def late(self, within: float) -> int:
        """Return the number of messages that took longer than `within`, in seconds."""
        if not self.kept:
            return sum(1 for took in self.latency if took > within)
        return sum(1 for _, took in self.waits() if took > within)

    def waits(self) -> Iterable[tuple[int, float]]:
        """Return each message that arrived, with the seconds since it could first be delivered."""
        pairs = zip(self.arrived, self.latency, strict=True)
        if not self.kept:
            return pairs
        sent_at = self.publication.sent_at
        return (
            (number, took if number not in self.kept else max(sent_at[number] + took - self.kept[number], 0.0))
            for number, took in pairs
        )

    def timed(self) -> tuple[Sequence[int], Sequence[float]]:
        """Return the messages that did not wait at a broker, and their latencies in seconds."""
        if not self.kept:
            return self.arrived, self.latency
        pairs = [pair for pair in zip(self.arrived, self.latency, strict=True) if pair[0] not in self.kept]
        return [number for number, _ in pairs], [took for _, took in pairs]

    def dispatched(self, number: int) -> bool:
        """Return whether a message was dispatched to a member that did not acknowledge that: the member may have it."""
        position = (self.publication.step << 32) + number
        return any(position in member.dispatched for member in self.members)

    def due(self, number: int) -> float:
        """Return the moment from which a message was expected, in seconds."""
        return self.kept.get(number, self.publication.sent_at[number])


def tally_of(
    entitlement: Entitlement,
    publication: Publication,
    alike: set[int],
    others: Sequence[Subscription] = (),
    *,
    end: float = inf,
) -> Tally:
    """Return the tally of a publication; `alike` has the steps whose equal bodies cannot be told apart.

    `others` share the members' queues. A message that they received did not reach the members; if it reached a member
    too, it is doubled. The evidence ends at `end`, in seconds.
    """
    members = entitlement.members
    tally = Tally(
        publication=publication, members=members, alike=publication.step in alike, why_unsure=entitlement.unsure
    )
    for other in entitlement.others:  # arrivals that they should not have
        if publication.step in other.arrivals:
            tally.unexpected += sum(other.arrivals[publication.step].times[publication.first :])
    arrivals = _arrivals(members, publication)
    beside = _arrivals(others, publication)
    having = [*arrivals, *beside]
    tally.reordered = sum(found.reordered for found in arrivals)
    sent_at, outcomes = publication.sent_at, publication.outcomes
    durable = any(member.away for member in members)
    begins, ends = _surely_due(members, publication.destination)
    doubtful = set().union(*(member.doubtful for member in members))
    for number in range(publication.first, publication.count + 1):
        sent = sent_at[number]
        times = 0
        for found in arrivals:
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
        if not due and number in entitlement.retained:
            due = True
            tally.kept[number] = entitlement.retained[number]
        if not due and number in entitlement.perhaps_retained:
            if not times and publication.accepted(number):
                tally.unsure.append(number)
                why = "its body is empty" if number in publication.perhaps_empty else "it accepted a later one"
                tally.why_unsure = f"a broker retained it, unless {why}"
                continue
            due = True
            tally.kept[number] = entitlement.perhaps_retained[number]
        if due:
            tally.eligible += 1
        taken = 0
        for found in beside:
            taken += found.times[number]
        if not times and taken:
            if due and publication.accepted(number):
                tally.expected += 1
                tally.elsewhere.append(number)
            continue
        if not times:
            if due and publication.accepted(number):
                _missing(tally, entitlement, number, end)
            elif due and publication.proven and publication.proven[number] == PERHAPS and not tally.alike:
                tally.unsure.append(number)
                tally.why_unsure = "a client received an equal body, and the message has no acknowledgement"
            elif due:
                tally.undecided += 1
                tally.in_doubt.append(number)
            continue
        times += taken
        if times > 1 and (surplus := _surplus(tally, members, having, number, times)):
            tally.duplicated += surplus
            tally.doubled.append(number)
        if not due and any(number in found.retained for found in arrivals):
            tally.unexpected += 1  # retained by the broker since before the subscription
            continue
        if not due and tally.alike and others:
            continue  # an equal body that is due may have come instead: `only_counted` counts it
        # A message sent just before the subscription was confirmed, and received, was expected after all.
        if outcomes[number] == OK:
            tally.expected += 1
            tally.received += 1
        else:
            tally.recovered += 1
        first = arrivals[0].first_at[number] if len(arrivals) == 1 else _first_received(arrivals, number)
        if tally.first_arrival is None or first < tally.first_arrival[1]:
            tally.first_arrival = (number, first)
        tally.arrived.append(number)
        tally.latency.append(first - sent)
        if durable:
            takers = [member for member in members if member.first_arrival((publication.step << 32) + number) == first]
            if (back := returned_at(takers, tally.kept.get(number, sent), first)) is not None:
                tally.kept[number] = back
    tally.first_duplicate = _first_duplicate(arrivals, beside, tally)
    if tally.alike:  # nor can their latencies be determined
        del tally.latency[:], tally.arrived[:], tally.doubled[:]
    return tally


def spare_unconfirmed(tallies: Sequence[Tally]) -> None:
    """Count arrivals of equal bodies as accepted messages first: an unacknowledged message need not have come.

    Matching gave the arrivals to the messages that were sent first, of which a broker may have accepted some
    unconfirmed or none.
    """
    alike = [tally for tally in tallies if tally.alike]
    spare = sum(tally.recovered for tally in alike)
    for tally in alike:
        instead = min(spare, len(tally.lost))
        del tally.lost[len(tally.lost) - instead :]
        tally.received += instead
        spare -= instead
    for tally in alike:
        kept = min(spare, tally.recovered)
        tally.undecided += tally.recovered - kept
        tally.recovered, spare = kept, spare - kept


def only_counted(tallies: Sequence[Tally], members: Sequence[Subscription]) -> None:
    """Leave of equal bodies only the counts if several audiences, or a part of one, are judged.

    Matching gave each message to a client, but which of them received it is unknown.
    """
    alike = [tally for tally in tallies if tally.alike]
    sent = sum(sum(1 for t in each.publication.sent_at[each.publication.first :] if t == t) for each in alike)
    came = sum(
        sum(found.times[each.publication.first :]) for each in alike for found in _arrivals(members, each.publication)
    )
    by_right = sum(sum(found.redelivered.values()) for each in alike for found in _arrivals(members, each.publication))
    kept = [sum(sum(found.retained.values()) for found in _arrivals(members, each.publication)) for each in alike]
    by_right += sum(min(many, _starts(members, each.publication)) for many, each in zip(kept, alike, strict=True))
    spare = came - sum(each.received for each in alike)  # by matching they were others, or came twice
    for tally in alike:
        for missing in (tally.elsewhere, tally.lost):
            again = min(spare, len(missing))
            del missing[len(missing) - again :]
            tally.received += again
            tally.recovered -= min(tally.recovered, again)
            spare -= again
    surely = [tally for tally in alike if tally.first_duplicate is not None] if came > sent else []
    for tally in alike:
        tally.duplicated = max(came - sent - by_right, 0) if surely and tally is surely[0] else 0
        tally.first_duplicate = tally.first_duplicate if tally.duplicated else None


def _arrivals(members: Sequence[Subscription], publication: Publication) -> list[Arrivals]:
    """Return the arrivals of a publication that members have."""
    return [found for member in members if (found := member.arrivals.get(publication.step)) is not None]


def _missing(tally: Tally, entitlement: Entitlement, number: int, end: float) -> None:
    """Count an accepted message that never arrived as lost, expired, waiting or unsure."""
    publication, sent = tally.publication, tally.publication.sent_at[number]
    if entitlement.unsure:
        tally.unsure.append(number)
    elif could_expire(sent, life := publication.shortest_life, end):
        asked = publication.expiry
        if asked is not None and surely_expired(entitlement.members, publication.destination, sent, asked):
            tally.expired += 1
        elif ran_out(publication.ends, number, entitlement.members):
            tally.expected += 1
            tally.lost.append(number)
        else:
            tally.unsure.append(number)
            whose = "" if life == asked else " by a broker's timeStampingBrokerPlugin"
            tally.why_unsure = f"it was over after {life:g} s{whose}, and may have been dropped for that"
    elif never_returned(entitlement.members, tally.due(number)):
        tally.waiting.append(number)
    else:
        tally.expected += 1
        tally.lost.append(number)


def _surplus(
    tally: Tally, members: Sequence[Subscription], arrivals: Sequence[Arrivals], number: int, times: int
) -> int:
    """Return the number of a message's duplicates; its rightful redeliveries are added to the tally."""
    by_right = sum(found.redelivered.get(number, 0) for found in arrivals)
    retained = sum(found.retained.get(number, 0) for found in arrivals)
    # A broker delivers a retained message at each subscription, even if it was received before.
    fresh = min(retained, _starts(members, tally.publication))
    ordinary = 1 if times > retained or not fresh else 0
    if ordinary and not is_queue(tally.publication.destination):  # a copy for each subscription that stood
        ordinary += _copies(members, tally.publication, number)
    surplus = max(times - fresh - ordinary - by_right, 0)
    tally.redelivered += times - 1 - surplus
    again = max(times - 1 - surplus - by_right, 0)
    tally.retained_again += min(again, fresh)
    tally.copies += again - min(again, fresh)
    return surplus


def _starts(members: Sequence[Subscription], publication: Publication) -> int:
    """Return how often a broker may give members a retained message as they subscribe."""
    return sum(each.starts for each in members if protocol(each.over) == "mqtt") if publication.retained else 0


def _copies(members: Sequence[Subscription], publication: Publication, number: int) -> int:
    """Return how many arrivals of a message beyond its client's first are of another subscription of that client."""
    found = 0
    for client in {member.client for member in members if member.client}:
        its = [member for member in members if member.client == client]
        times = sum(each.times[number] for each in _arrivals(its, publication))
        if times > 1:
            found += max(min(times, copies(its[0], its, publication.destination, publication.sent_at[number])) - 1, 0)
    return found


def _surely_due(members: Sequence[Subscription], destination: str) -> tuple[float, float]:
    """Return begin and end of a time in which a message is surely expected, to decide most cases quickly."""
    if is_queue(destination):
        return -inf, max((member.until for member in members if member.windows), default=-inf)
    return members[0].windows[-1] if len(members) == 1 and members[0].windows else (inf, -inf)


def _first_received(arrivals: Sequence[Arrivals], number: int) -> float:
    return min(found.first_at[number] for found in arrivals if found.times[number])


def _first_duplicate(
    arrivals: Sequence[Arrivals], beside: Sequence[Arrivals], tally: Tally
) -> tuple[int, float] | None:
    """Return number and moment of the audience's first duplicate; None if there is none."""
    if not tally.duplicated:
        return None
    having = [*arrivals, *beside]
    mine = set(tally.doubled) if beside else ()
    again = [
        found.first_duplicate
        for found in having
        if found.first_duplicate is not None and (not beside or found.first_duplicate[0] in mine)
    ]
    if len(having) > 1:
        for number in tally.doubled:
            firsts = [found.first_at[number] for found in having if found.times[number]]
            if len(firsts) > 1 and not any(number in found.redelivered for found in having):
                again.append((number, sorted(firsts)[1]))
                break
    return min(again, key=lambda found: found[1]) if again else None


def strays(
    publications: Iterable[Publication], members: Sequence[Subscription], meant: Sequence[Publication]
) -> tuple[Tally, ...]:
    """Return tallies of messages that members received though their subscriptions do not match them."""
    steps = {publication.step for publication in meant}
    found = []
    for publication in publications:
        arrivals = _arrivals(members, publication)
        if publication.step not in steps and arrivals:
            firsts = [
                (number, _first_received(arrivals, number))
                for number in range(publication.first, publication.count + 1)
                if any(each.times[number] for each in arrivals)
            ]
            unexpected = sum(sum(each.times[publication.first :]) for each in arrivals)
            first = min(firsts, key=lambda pair: pair[1], default=None)
            found.append(Tally(publication=publication, unexpected=unexpected, first_arrival=first))
    return tuple(found)
