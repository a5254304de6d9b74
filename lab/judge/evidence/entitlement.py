"""The messages an audience is owed, by when it listened, its selectors, messages kept for it and their expiry."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import field

from lab.activemq.destinations import hears
from lab.activemq.protocols import protocol
from lab.activemq.selectors import Untold, Value, matches_over, properties
from lab.dataclass import dataclass
from lab.judge.evidence.ledger import Ledger
from lab.judge.evidence.records import OK, Publication, Subscription, is_queue


@dataclass(frozen=True, slots=True, kw_only=True)
class Entitlement:
    """The members of an audience that are owed a publication, and which of its messages."""

    members: tuple[Subscription, ...]  # members whose selectors let it through, or may
    others: tuple[Subscription, ...] = ()  # those whose selectors do not let it through
    unsure: str = ""  # why it cannot be determined whether it was owed
    retained: Mapping[int, float] = field(default_factory=dict)  # by number: when a subscription was owed it


class Retained:
    """The messages that brokers retain: of each topic the last accepted one that was published as retained."""

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
        """Return, by number, the retained messages that members were owed when they subscribed, with that moment."""
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
    """Return which members are owed a publication; `kept` holds all retained messages."""
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
    """Return whether a message sent at a moment was owed to any of the members."""
    if is_queue(destination):  # a queue keeps messages sent before any client listened
        return any(sent <= member.until for member in members if member.windows)
    # A queue behind a virtual topic is there from its first consumer on, and keeps what comes between two of them.
    queues = [member for member in members if is_queue(member.destination) and member.windows]
    if queues and min(each.windows[0][0] for each in queues) <= sent < max(each.until for each in queues):
        return True
    return any(start <= sent < end for member in members for start, end in member.windows)


def surely_expired(members: Sequence[Subscription], sent: float, expiry: float) -> bool:
    """Return whether a message expired before any member listened; `expiry` is in seconds."""
    return not any(_listens(member, sent, sent + expiry) for member in members)


def never_returned(members: Sequence[Subscription]) -> bool:
    """Return whether a durable subscriber went and never returned, so that its messages wait at a broker."""
    return any(member.away and member.away[-1][1] == float("inf") for member in members)


def returned_at(members: Sequence[Subscription], sent: float, received: float) -> float | None:
    """Return the moment when a durable subscriber returned to a message kept for it; None if none was kept."""
    for member in members:
        for gone, back in member.away:
            if gone <= received and sent < back < float("inf"):
                return back
    return None


def _properties(publication: Publication) -> Mapping[str, Value]:
    """Return the properties of a publication's messages that selectors may test."""
    return properties(
        publication.headers,
        group=publication.group,
        priority=publication.priority,
        persistent=publication.persistent,
        varying=publication.varying,
    )


def _listens(member: Subscription, begin: float, end: float) -> bool:
    """Return whether a subscription listens at any time between two moments."""
    for start, stop in member.windows:
        edge = max(start, begin)
        for gone, back in member.away:
            if gone <= edge:
                edge = max(edge, back)
        if edge < min(stop, end):
            return True
    return False
