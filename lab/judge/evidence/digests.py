"""Messages whose body was given and carries no id: a receipt is known by the body's digest alone."""

from __future__ import annotations

from collections.abc import Sequence

from lab.judge.evidence.entitlement import due_at
from lab.judge.evidence.records import OK, Publication, Subscription


def match_digests(members: Sequence[Subscription], meant: Sequence[Publication]) -> set[int]:
    """Turn receipts known by their body into receipts of messages: the n-th sent is the n-th received.

    Return the steps of which bodies are equal and some are missing.
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
                    due = due_at(members, publication.destination, sent)
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
            _doubt(members, owed, [moment for moment, _, of, _ in arrivals if of == digest])
        sendings[digest] = owed
    met: dict[int, int] = {}
    for moment, position, digest, retained in arrivals:
        member = members[position]
        if digest not in sendings:
            member.surprise(moment)
            continue
        owed = sendings[digest]
        if moment < owed[0][0] and owed[0][1].partial:
            continue  # it was sent before the first one that is known
        turn = met[digest] = met.get(digest, 0) + 1
        _, publication, number, _ = owed[min(turn, len(owed)) - 1]
        receipts = member.of(publication)
        if receipts.add(number, moment, retained, number < publication.first):
            top = receipts.top
            place = (publication.step << 32) + number
            if place < top[0] and len(owed) == 1 and number >= publication.first:
                receipts.out_of_order(number)
            top[0] = max(top[0], place)
    return alike


def _doubt(
    members: Sequence[Subscription], same: Sequence[tuple[float, Publication, int, bool]], came: Sequence[float]
) -> None:
    """Write down which equal bodies may be of a stretch or of before: some of before had not come when it began."""
    within = [each for each in same if each[2] >= each[1].first]
    before = len(same) - len(within)
    if within and before > sum(1 for moment in came if moment < min(each[0] for each in within)):
        for _, publication, number, _ in within:
            for member in members:
                member.doubtful.add((publication.step << 32) + number)
