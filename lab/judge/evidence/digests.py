"""Matching of arrivals to messages by the digest of the body, for bodies without an id."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from math import inf
from operator import itemgetter

from lab.history.expected.entitlement import Retained, carries_id, copies, due_at, entitlement
from lab.history.expected.records import OK, Arrivals, Publication, Subscription
from lab.judge.evidence.flaws import ROUNDED


def match_digests(
    members: Sequence[Subscription],
    meant: Sequence[Publication],
    kept: Retained,
    gone: Sequence[Subscription] = (),
) -> set[int]:
    """Add the arrivals known by digest to the members' arrivals: of equal bodies the n-th sent is the n-th received.

    Return the steps with equal bodies in the interval: how many of those came is known, and not which. `gone` heard
    nothing else and left before the interval; what they received for certain is expected by no client any more.
    """
    arrivals = sorted(
        (
            (moment, position, digest, bool(retained), bool(again))
            for position, member in enumerate(members)
            for digest, moment, retained, again in zip(
                member.digests, member.digest_times, member.digest_retained, member.digest_redelivered, strict=True
            )
        ),
        key=itemgetter(0),  # at one moment the order of the history stays
    )
    sendings: dict[int, list[tuple[float, Publication, int, bool]]] = {}
    for publication in meant:
        if publication.digests is not None and not _have_ids(members, publication):
            its = entitlement(members, publication, kept)
            known = [m.arrivals[publication.step] for m in (*members, *gone) if publication.step in m.arrivals]
            for number in range(1, publication.last + 1):
                digest = publication.digests[number]
                if digest >= 0:
                    sent = publication.sent_at[number]
                    if any(arrivals.times[number] for arrivals in known):  # its id came in a header
                        continue
                    due = (
                        due_at(its.members, publication.destination, sent)
                        or number in its.retained
                        or number in its.perhaps_retained
                    )
                    sendings.setdefault(digest, []).append((sent, publication, number, due))
    _leave_out_taken(sendings, gone)
    for same in sendings.values():
        # Expected messages come first; of these, accepted ones, if fewer were received than sent.
        same.sort(key=lambda each: (not each[3], each[0]))
    counts: dict[int, int] = {}
    moments: dict[int, list[float]] = {}
    for moment, _, digest, *_ in arrivals:
        counts[digest] = counts.get(digest, 0) + 1
        moments.setdefault(digest, []).append(moment)
    alike: set[int] = set()
    for digest, same in sendings.items():
        expected = [each for each in same if each[3]] or same
        if len(expected) > 1 and (expected[0][3] or counts.get(digest)):
            alike.update(publication.step for _, publication, number, _ in expected if number >= publication.first)
        if len(expected) > 1 and counts.get(digest, 0) < len(expected):
            expected.sort(key=lambda each: (each[1].outcomes[each[2]] != OK, each[0]))
            _mark_doubtful(members, expected, moments.get(digest, []))
        sendings[digest] = expected
    times = {digest: sorted(sent for sent, *_ in expected) for digest, expected in sendings.items()}
    beside = _retained_beside(arrivals, times)
    met: dict[int, int] = {}
    returned = sorted(
        (received, position, digest, back)
        for position, member in enumerate(members)
        for back, digest, received in member.returned_digests
        if len(sendings.get(digest, ())) == 1
    )
    given_back = {digest: back for back, digest in sorted(((each[3], each[2]) for each in returned), reverse=True)}

    def note_order(arrivals: Arrivals, digest: int, moment: float) -> None:
        """Note the place in order of a first arrival: disorder, unless the message had been given back before."""
        if len(sendings[digest]) > 1:
            return  # one of those before it, perhaps, come twice
        _, publication, number, _ = sendings[digest][0]
        place = (publication.step << 32) + number
        early = place >= arrivals.top[0] or number < publication.first
        if not early and given_back.get(digest, inf) > moment:
            arrivals.count_out_of_order(number, arrivals.top[0])
        elif not early:
            arrivals.aside += 1
        arrivals.top[0] = max(arrivals.top[0], place)

    def note_returned(until: float) -> None:
        """Note the arrivals, up to a moment, that were given back later: they came before the arrivals after them."""
        while returned and returned[0][0] <= until:
            moment, position, digest, _ = returned.pop(0)
            _, publication, number, _ = sendings[digest][0]
            arrivals = members[position].of(publication)
            if not arrivals.times[number]:
                arrivals.first_at[number] = moment
                note_order(arrivals, digest, moment)

    by_right = _ByRight(members, sendings)
    for moment, position, digest, retained, again in arrivals:
        note_returned(moment)
        member = members[position]
        if digest not in sendings:
            member.count_unexplained(moment)
            continue
        expected = sendings[digest]
        by_then = bisect_right(times[digest], moment + ROUNDED)
        if not by_then:
            if not expected[0][1].partial:  # else it was sent before the first message on record
                member.count_unexplained(moment)
            continue
        before, surplus = met.get(digest, 0), False
        if retained and beside.get(digest):
            beside[digest] -= 1
            turn = _retained_turn(expected, max(before, 1))
        else:
            surplus = before >= by_then
            turn = met[digest] = min(before + 1, by_then)  # if more came than were sent, the last one again
        right = by_right.look(digest, member, moment, marked=again, surplus=surplus)
        _, publication, number, _ = expected[turn - 1]
        counted = member.of(publication)
        if counted.add(number, moment, retained, right or number < publication.first) and not retained:
            note_order(counted, digest, moment)
    note_returned(inf)
    return alike


def _have_ids(members: Sequence[Subscription], publication: Publication) -> bool:
    """Return whether members know all messages by the ids in their headers, equal bodies too."""
    if not carries_id(publication, members):
        return False
    bodies = set(publication.digests or ())
    return not any(digest in bodies for member in members for digest in member.digests)


def _retained_beside(
    arrivals: Sequence[tuple[float, int, int, bool, bool]], times: Mapping[int, Sequence[float]]
) -> dict[int, int]:
    """Return, by digest of several messages, how many retained arrivals are copies beside the messages that came.

    A retained arrival stands for a message only if fewer messages could have come without it. The last ones do, as
    most messages had been sent by then.
    """
    came: dict[int, list[tuple[float, bool]]] = {}
    for moment, _, digest, retained, _ in arrivals:
        if len(times.get(digest, ())) > 1:
            came.setdefault(digest, []).append((moment, retained))
    found = {}
    for digest, its in came.items():
        if number := sum(retained for _, retained in its):
            most = _could_come([moment for moment, _ in its], times[digest])
            without = _could_come([moment for moment, retained in its if not retained], times[digest])
            found[digest] = number - (most - without)
    return found


def _could_come(moments: Sequence[float], times: Sequence[float]) -> int:
    """Return the highest number of messages, sent at some times, that can have come at some moments."""
    came = 0
    for moment in moments:
        came = min(came + 1, bisect_right(times, moment + ROUNDED))
    return came


def _retained_turn(same: Sequence[tuple[float, Publication, int, bool]], turn: int) -> int:
    """Return the last turn, up to one, of a message that was sent as retained; that turn if there is none."""
    return next((each for each in range(turn, 0, -1) if same[each - 1][1].retained), turn)


class _ByRight:
    """Arrivals beyond the number of messages with one body that a broker may rightly make.

    A broker may give a client a copy for each of its subscriptions. It may repeat a message if it cannot know that the
    client has it.
    """

    def __init__(
        self, members: Sequence[Subscription], sendings: Mapping[int, list[tuple[float, Publication, int, bool]]]
    ) -> None:
        self._members, self._sendings = members, sendings
        self._copies: dict[int, int] = {}
        self._first: dict[int, float] = {}  # when the first one came
        self._marked: dict[int, int] = {}
        self._excused: dict[int, int] = {}

    def look(self, digest: int, member: Subscription, moment: float, *, marked: bool, surplus: bool) -> bool:
        """Return whether an arrival is by right, if it is a surplus one; `marked` as redelivered."""
        same = self._sendings[digest]
        breaks = member.breaks_between(self._first.setdefault(digest, moment), moment)
        if marked and breaks:
            self._marked[digest] = min(self._marked.get(digest, 0) + 1, breaks * len(same))
        if not surplus:
            return False
        if len(same) > 1 and digest not in self._copies:
            its = (copies(member, self._members, publication.destination, sent) for sent, publication, *_ in same)
            self._copies[digest] = sum(max(number - 1, 0) for number in its)
        allowed = self._copies.get(digest, 0) + self._marked.get(digest, 0)
        excused = self._excused.get(digest, 0)
        self._excused[digest] = excused + (excused < allowed)
        return excused < allowed


def _leave_out_taken(
    sendings: Mapping[int, list[tuple[float, Publication, int, bool]]], gone: Sequence[Subscription]
) -> None:
    """Leave out a message of before the interval that went to a subscriber who has gone, if it can have been no other.

    Of several with one body it is not known which came, nor whether one came twice.
    """
    for digest in {digest for each in gone for digest in each.digests}:
        same = sendings.get(digest, [])
        before = [each for each in same if each[2] < each[1].first]
        if len(before) == 1 and len(same) > 1:  # a single one is told apart anyway
            same.remove(before[0])


def _mark_doubtful(
    members: Sequence[Subscription], same: Sequence[tuple[float, Publication, int, bool]], came: Sequence[float]
) -> None:
    """Mark messages of the interval as doubtful if an equal body sent before it had not arrived when it began."""
    within = [each for each in same if each[2] >= each[1].first]
    before = len(same) - len(within)
    if within and before > sum(1 for moment in came if moment < min(each[0] for each in within)):
        for _, publication, number, _ in within:
            for member in members:
                member.doubtful.add((publication.step << 32) + number)
