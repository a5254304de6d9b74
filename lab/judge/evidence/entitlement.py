"""What an audience is owed of a publication: by when it listened, its selectors, what is kept for it, what is over."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from lab.activemq.destinations import hears
from lab.activemq.protocols import protocol
from lab.activemq.selectors import Untold, Value, matches_over, properties
from lab.judge.evidence.ledger import Ledger
from lab.judge.evidence.records import OK, Publication, Subscription, is_queue


@dataclass(frozen=True, slots=True, kw_only=True)
class Entitlement:
    """Which members of an audience are owed a publication, and on what terms."""

    members: tuple[Subscription, ...]  # those whose selectors let it through, or may
    others: tuple[Subscription, ...] = ()
    unsure: str = ""  # why nobody can tell whether it was owed
    retained: Mapping[int, float] = field(default_factory=dict)  # owed at a subscription, with its moment, by number


class Retained:
    """What brokers retain: of each topic the last message that was published so and accepted."""

    def __init__(self, ledger: Ledger) -> None:
        found: dict[str, list[tuple[float, int, int]]] = {}
        for publication in ledger.publications.values():
            if publication.retained and not is_queue(publication.destination):
                found.setdefault(publication.destination, []).extend(
                    (publication.sent_at[number], publication.step, number)
                    for number in range(1, publication.last + 1)
                    if publication.outcomes[number] == OK
                )
        self._topics = {topic: sorted(messages) for topic, messages in found.items()}

    def of(self, members: Sequence[Subscription], publication: Publication) -> dict[int, float]:
        """Return the messages of a publication that members were owed when they subscribed, with that moment."""
        found: dict[int, float] = {}
        messages = self._topics.get(publication.destination, ()) if publication.retained else ()
        for member in members if messages else ():
            if protocol(member.over) != "mqtt" or not hears(member.destination, publication.destination):
                continue
            for start, _ in member.windows:
                place = bisect_left(messages, (start, 0, 0))
                if place and messages[place - 1][1] == publication.step:
                    found[messages[place - 1][2]] = start
        return found


def entitlement(members: Sequence[Subscription], publication: Publication, kept: Retained) -> Entitlement:
    """Return who of an audience is owed a publication, and on what terms."""
    if all(member.selector is None for member in members):
        return Entitlement(members=tuple(members), retained=kept.of(members, publication))
    through: list[Subscription] = []
    others: list[Subscription] = []
    unsure = ""
    sure = False
    for member in members:
        try:
            lets = member.selector is None or matches_over(
                protocol(member.over), member.selector, _properties(publication)
            )
            sure |= lets
        except Untold as untold:
            lets, unsure = True, f"the selector {member.selector} may let it through or not: {untold}"
        (through if lets else others).append(member)
    return Entitlement(
        members=tuple(through),
        others=tuple(others),
        unsure="" if sure else unsure,
        retained=kept.of(through, publication),
    )


def due_at(members: Sequence[Subscription], destination: str, sent: float) -> bool:
    """Return whether an audience that listened as it did was owed a message sent at that moment."""
    if is_queue(destination):  # a queue keeps what was sent before anyone listened
        return any(sent <= member.until for member in members if member.windows)
    return any(start <= sent < end for member in members for start, end in member.windows)


def surely_over(members: Sequence[Subscription], sent: float, expiry: float) -> bool:
    """Return whether a message was over before anyone of an audience listened."""
    return not any(_listens(member, sent, sent + expiry) for member in members)


def away(members: Sequence[Subscription]) -> bool:
    """Return whether what comes for an audience waits at a broker, since a durable subscriber of it never came back."""
    return any(member.away and member.away[-1][1] == float("inf") for member in members)


def since(members: Sequence[Subscription], sent: float, received: float) -> float | None:
    """Return the moment a durable subscriber was back for which a message had been kept; None where none had been."""
    for member in members:
        for gone, back in member.away:
            if gone <= received and sent < back < float("inf"):
                return back
    return None


def _properties(publication: Publication) -> Mapping[str, Value]:
    return properties(
        publication.headers, group=publication.group, priority=publication.priority, persistent=publication.persistent
    )


def _listens(member: Subscription, begin: float, end: float) -> bool:
    for start, stop in member.windows:
        edge = max(start, begin)
        for gone, back in member.away:
            if gone <= edge:
                edge = max(edge, back)
        if edge < min(stop, end):
            return True
    return False
