"""The rules: which messages subscriptions are expected to receive, which perhaps, and until when. Pure.

1. A queue keeps its messages. Its subscribers are expected to receive them together, whenever they listen.
2. A topic's subscriber is expected to receive the messages sent while it is subscribed. A durable subscriber stays
   subscribed while it is away; messages sent meanwhile can be delivered when it is back.
3. The queue behind a virtual topic keeps messages from its first consumer on.
4. A selector lets a message through, keeps it out, or may do either. So does `noLocal`, of the client's own messages.
5. A new MQTT subscription is expected to receive the last retained message of each topic that it hears. An empty
   retained message deletes the one before it, and no client is expected to receive it later. While the outcome of a
   later retained message is unknown, either of the two may be the one.
6. A message that expired before a client listened is not expected. If its time could be over before the evidence ends,
   it may have been dropped; if it lives longer, it may not.
7. A message is missing for certain only if a client listened until its time was over. A message under way as its
   receiver left may have been dropped for that, even if the receiver comes back.
8. A broker gives one client a copy of a message for each of its subscriptions that hears it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from math import inf, isnan

from lab.activemq.destinations import hears
from lab.activemq.protocols import protocol
from lab.activemq.selectors import Untold, Value, matches_over, properties
from lab.base.dataclass import dataclass
from lab.history.expected.records import FAILED, Publication, Subscription, is_queue


@dataclass(frozen=True, slots=True, kw_only=True)
class Entitlement:
    """The members of an audience that are expected to receive messages of a publication, and these messages."""

    members: tuple[Subscription, ...]  # members whose selectors let it through, or may
    others: tuple[Subscription, ...] = ()  # those that do not hear it, or whose selectors do not let it through
    unsure: str = ""  # why it cannot be determined whether it was expected
    retained: Mapping[int, float] = field(default_factory=dict)  # by number: when a subscription was to be given it
    perhaps_retained: Mapping[int, float] = field(default_factory=dict)  # the same, if a later one was not accepted


class Retained:
    """The messages that brokers retain: of each topic the last accepted one that was published as retained."""

    def __init__(self, publications: Iterable[Publication]) -> None:
        found: dict[str, list[tuple[float, int, int]]] = {}  # by topic: when each was sent, its step and its number
        self._publications: dict[int, Publication] = {}
        self._empty: set[tuple[int, int]] = set()
        self._perhaps_empty: set[tuple[int, int]] = set()
        for publication in publications:
            if publication.retained and not is_queue(publication.destination):
                self._publications[publication.step] = publication
                self._empty.update((publication.step, number) for number in publication.empty)
                self._perhaps_empty.update((publication.step, number) for number in publication.perhaps_empty)
                found.setdefault(publication.destination, []).extend(
                    (publication.sent_at[number], publication.step, number)
                    for number in range(1, publication.last + 1)
                    if publication.outcomes[number] != FAILED and not isnan(publication.sent_at[number])
                )
        self._topics = {topic: sorted(messages) for topic, messages in found.items()}

    def of(
        self, members: Sequence[Subscription], publication: Publication
    ) -> tuple[Mapping[int, float], Mapping[int, float]]:
        """Return the messages due to members as they subscribed, number → moment: the certain and the possible ones."""
        surely: dict[int, float] = {}
        perhaps: dict[int, float] = {}
        messages = self._topics.get(publication.destination, ()) if publication.retained else ()
        for member in members if messages else ():
            if protocol(member.over) != "mqtt" or not hears(member.destination, publication.destination):
                continue
            for start, _ in member.windows:
                candidates = list(self._candidates(messages, start))
                came = [its for its in candidates if member.received_as_retained(*its)]
                candidates = came[:1] or candidates
                for step, number in candidates:
                    if step == publication.step and (step, number) not in self._empty:
                        certain = len(candidates) == 1 and (came or (step, number) not in self._perhaps_empty)
                        (surely if certain else perhaps)[number] = start
        return surely, perhaps

    def _candidates(self, messages: Sequence[tuple[float, int, int]], start: float) -> Iterator[tuple[int, int]]:
        """Yield the messages of a topic of which one was retained at a moment, back to the last surely accepted one."""
        place = bisect_left(messages, (start,))
        while place:
            place -= 1
            _, step, number = messages[place]
            yield step, number
            if self._publications[step].accepted(number):
                return


def entitlement(members: Sequence[Subscription], publication: Publication, kept: Retained) -> Entitlement:
    """Return which members are expected to receive a publication; `kept` holds all retained messages."""
    hearing = [member for member in members if hears(member.destination, publication.destination)]
    others = [member for member in members if member not in hearing] if len(hearing) < len(members) else []
    if all(member.selector is None and member.hears_own for member in hearing):
        surely, perhaps = kept.of(hearing, publication)
        return Entitlement(members=tuple(hearing), others=tuple(others), retained=surely, perhaps_retained=perhaps)
    through: list[Subscription] = []
    unsure = ""
    sure = False
    for member in hearing:
        if member.client == publication.client and not member.hears_own:
            if member.hears_own is None:
                through.append(member)
                unsure = f"with noLocal, {member.client} gets no message that the same connection sends"
            else:
                others.append(member)
            continue
        try:
            lets = member.selector is None or matches_over(
                protocol(member.over), member.selector, _properties(publication)
            )
            sure |= lets
        except Untold as untold:
            lets, unsure = True, f"it is unknown whether the selector {member.selector} lets it through: {untold}"
        (through if lets else others).append(member)
    surely, perhaps = kept.of(through, publication)
    return Entitlement(
        members=tuple(through),
        others=tuple(others),
        unsure="" if sure else unsure,
        retained=surely,
        perhaps_retained=perhaps,
    )


def due_at(members: Sequence[Subscription], destination: str, sent: float) -> bool:
    """Return whether any of the members is expected to receive a message that was sent at a moment."""
    if is_queue(destination):  # a queue keeps messages sent before any client listened
        return any(sent <= member.until for member in members if member.windows)
    # A queue behind a virtual topic is there from its first consumer on, and keeps what comes between two of them.
    queues = [member for member in members if is_queue(member.destination) and member.windows]
    if queues and min(each.windows[0][0] for each in queues) <= sent < max(each.until for each in queues):
        return True
    return any(
        start <= sent < end
        for member in members
        for start, end in member.windows
        if hears(member.destination, destination)
    )


def copies(member: Subscription, members: Sequence[Subscription], destination: str, sent: float) -> int:
    """Return how many copies of a topic's message a member's client may have: one for each of its subscriptions."""
    its = (each for each in members if each.client == member.client and hears(each.destination, destination))
    return sum(each.subscribed_at(sent) for each in its)


def had_time(members: Sequence[Subscription], destination: str, within: float, until: float) -> Callable[[float], bool]:
    """Return a function of the moment when a message was due: whether it is missing for certain.

    It is missing if a member listened when `within` was over. All times are in seconds; `until` is when the evidence
    ends. A durable subscriber that was away meanwhile has `within` from its return on.
    """
    members = [member for member in members if hears(member.destination, destination)]
    if is_queue(destination) or any(is_queue(member.destination) for member in members):
        last = min(max((member.until for member in members if member.windows), default=-inf), until)
        return lambda due: due + within <= last
    spans = [
        (start, stop, begin, min(end, until))
        for member in members
        for start, stop in member.windows
        for begin, end in _present(member, start, stop)
    ]
    return lambda due: any(start <= due < stop and max(begin, due) + within <= end for start, stop, begin, end in spans)


def first_heard(members: Sequence[Subscription], destination: str) -> Callable[[float], tuple[float, float] | None]:
    """Return a function of the moment when a message was due: when it could first come, and until when it was heard.

    All times are in seconds; None if no member could hear it any more. A message in a queue comes to any member that
    listens later. A message kept for a durable subscriber comes at its return.
    """
    members = [member for member in members if hears(member.destination, destination)]
    kept = is_queue(destination) or any(is_queue(member.destination) for member in members)
    spans = sorted(
        (begin, end, -inf if kept else start, inf if kept else stop)
        for member in members
        for start, stop in member.windows
        for begin, end in _present(member, start, stop)
    )
    last = max((end for _, end, *_ in spans), default=-inf)

    def heard(due: float) -> tuple[float, float] | None:
        for begin, end, start, stop in spans:
            if start <= due < stop and due < end:
                return max(begin, due), last if kept else end
        return None

    return heard


def could_expire(sent: float, expiry: float | None, until: float) -> bool:
    """Return whether a message could be over before the evidence ends; all in seconds."""
    return expiry is not None and sent + expiry <= until


def surely_expired(members: Sequence[Subscription], destination: str, sent: float, expiry: float) -> bool:
    """Return whether a message expired before any member that is to receive it listened; `expiry` is in seconds."""
    kept = is_queue(destination) or any(is_queue(member.destination) for member in members)
    return not any(_listens(member, sent, sent + expiry, kept=kept) for member in members)


def never_returned(members: Sequence[Subscription], due: float) -> bool:
    """Return whether a durable subscriber for whom a message was due went and never returned: it waits at a broker."""
    away = (member for member in members if member.away and member.away[-1][1] == inf)
    return any(start <= due < end for member in away for start, end in member.windows)


def returned_at(members: Sequence[Subscription], sent: float, received: float) -> float | None:
    """Return the moment when a durable subscriber returned to a message kept for it; None if none was kept.

    If the evidence ends before the return, this is the moment when the message came.
    """
    for member in members:
        for gone, back in member.away:
            if gone <= received and sent < back:
                return back if back < inf else received
    return None


def _present(member: Subscription, start: float, stop: float) -> Iterator[tuple[float, float]]:
    """Yield begin and end of each connected time of a durable member within a window; the whole window for others."""
    begin = start
    for gone, back in member.away:
        if begin <= gone < stop:
            yield begin, gone
            begin = back
    if begin < stop:
        yield begin, stop


def carries_id(publication: Publication, members: Sequence[Subscription]) -> bool:
    """Return whether members receive a publication's messages with their ids in headers, with any body."""
    return {protocol(over) for over in (publication.over, *(member.over for member in members))} <= {"stomp", "amqp"}


def _properties(publication: Publication) -> Mapping[str, Value]:
    """Return the properties of a publication's messages that selectors may test."""
    return properties(
        publication.headers,
        group=publication.group,
        priority=publication.priority,
        persistent=publication.persistent,
        varying=publication.varying,
    )


def _listens(member: Subscription, begin: float, end: float, *, kept: bool) -> bool:
    """Return whether a subscription listens at any time between two moments; unless `kept`, from the first one on."""
    for start, stop in member.windows:
        if not kept and not start <= begin < stop:
            continue
        edge = max(start, begin)
        for gone, back in member.away:
            if gone <= edge:
                edge = max(edge, back)
        if edge < min(stop, end):
            return True
    return False
