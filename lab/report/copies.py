"""The copies of one message, by the events that brokers recorded: the place of each copy, or its end.

A message has one copy in each queue behind a composite destination, and for each client of a topic. It has a second one
if it crosses a bridge twice, or if an AMQP sender uses its id again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from lab.activemq.destinations import hears, parts_of
from lab.dataclass import dataclass
from lab.history import BrokerChanged, ConsumerSeen, MessageSeen, Observation
from lab.report.rows.observed import client

ENDS = {"expired": "expired", "dead-lettered": "became a dead letter", "discarded": "was discarded"}
WAITS, GIVEN, BY_ITSELF, ACKNOWLEDGED, ENDED, GONE, CROSSED = (
    "waits", "given", "by itself", "acknowledged", "ended", "gone", "crossed"
)  # fmt: skip
Change = ConsumerSeen | BrokerChanged
# By broker and destination: the destinations that its messages go into; none if a configuration leaves that open.
Routes = Callable[[str, str], tuple[str, ...]]
_STOPS = ("stopped", "killed", "deleted")
_OPEN = (WAITS, GIVEN)


def no_routes(broker: str, destination: str) -> tuple[str, ...]:
    """Return the destinations of a message where no configuration forwards it."""
    return parts_of(destination) if "," in destination else (destination,)


def is_change(seen: Observation) -> bool:
    """Return whether an observation takes messages from their place: a consumer left, or a broker ended."""
    if isinstance(seen, ConsumerSeen):
        return seen.state == "unsubscribed"
    return isinstance(seen, BrokerChanged) and seen.state in _STOPS and not seen.standby


@dataclass(slots=True, kw_only=True)
class Copy:
    """One copy, and its present state."""

    broker: str
    destination: str
    state: str = WAITS
    persistent: bool = True
    assumed: bool = False  # no event shows that it was sent there
    answered: bool = False  # a bridge acknowledged it
    perhaps: bool = False  # a broker may have recognised it as one that it had, and dropped it
    dead: bool = False  # it is the dead letter of another copy
    consumer: str = ""
    client: str = ""
    t: float = 0.0  # when its broker ended
    end: MessageSeen | None = None

    @property
    def is_open(self) -> bool:
        """Return whether it may reach a client yet."""
        return self.state in _OPEN and not self.dead and not self.perhaps


def copies(
    events: Iterable[MessageSeen],
    committed: set[tuple[str, str]],
    changes: Iterable[Change] = (),
    routes: Routes = no_routes,
) -> tuple[Copy, ...]:
    """Return the copies of a message; `committed` has broker and id of transactions."""
    found = _Copies(committed, routes)
    its = sorted(events, key=lambda seen: seen.t)
    begin = its[0].t if its else 0.0
    for seen in sorted([*its, *(each for each in changes if each.t >= begin)], key=lambda seen: seen.t):
        found.add(seen)
    return tuple(found.all)


class _Copies:
    """Follows the copies of one message from event to event."""

    def __init__(self, committed: set[tuple[str, str]], routes: Routes) -> None:
        self.all: list[Copy] = []
        self._committed, self._routes = committed, routes

    def add(self, seen: MessageSeen | Change) -> None:
        """Add an event; they come in the order of their moments."""
        if isinstance(seen, ConsumerSeen):
            for copy in self.all:
                if (copy.broker, copy.consumer, copy.state) == (seen.broker, seen.consumer, GIVEN) and _is_queue(copy):
                    copy.state = WAITS
        elif isinstance(seen, BrokerChanged):
            for copy in self.all:
                if copy.broker == seen.broker and copy.state in _OPEN and _is_queue(copy):
                    copy.state, copy.t = WAITS if copy.persistent else GONE, seen.t
        elif seen.event == "sent" and (not seen.why or seen.original):
            self._sent(seen)
        elif seen.event == "dispatched" and not seen.network:
            self._dispatched(seen)
        elif seen.event == "acknowledged" and not seen.why:
            self._acknowledged(seen)
        elif seen.event == "rejected":
            for copy in self._at(seen.broker, seen.destination):
                if copy.state == GIVEN and copy.consumer == seen.consumer:
                    copy.state = WAITS
        elif seen.event in ENDS:
            self._ended(seen)

    def _sent(self, seen: MessageSeen) -> None:
        told_before = any(copy.assumed for copy in self._at(seen.broker, seen.destination))
        came = seen.network and not told_before and self._cross(seen)
        again = seen.network and not came and any(copy.state == CROSSED for copy in self.all)
        for destination in self._routes(seen.broker, seen.destination):
            here = list(self._at(seen.broker, destination))
            assumed = next((copy for copy in here if copy.assumed), None)
            if assumed is not None:
                assumed.assumed, assumed.persistent = False, seen.persistent
            elif destination.startswith("queue://") and (seen.network or not here or seen.over.startswith("amqp")):
                dead, perhaps = bool(seen.original), again and bool(here)
                persistent = seen.persistent or dead
                self._new(seen.broker, destination, persistent=persistent, dead=dead, perhaps=perhaps)

    def _cross(self, seen: MessageSeen) -> bool:
        """Take the copy at another broker that came over a bridge; return whether there is one."""
        for copy in self.all:
            if copy.broker != seen.broker and copy.state == WAITS and copy.destination == seen.destination:
                copy.state = CROSSED
                return True
        return False

    def _dispatched(self, seen: MessageSeen) -> None:
        here = list(self._at(seen.broker, seen.destination))
        if seen.destination.startswith("topic://"):
            here = [copy for copy in here if copy.client == client(seen)]
        waiting = (copy for copy in here if copy.state == WAITS)
        given = (copy for copy in here if copy.state == GIVEN)
        copy = next(waiting, None) or next(given, None)
        if copy is None:
            copy = self._came_unseen(seen)
        copy.state, copy.consumer, copy.client, copy.perhaps = GIVEN, seen.consumer, client(seen), False

    def _acknowledged(self, seen: MessageSeen) -> None:
        if seen.transaction and (seen.broker, seen.transaction) not in self._committed:
            return
        here = list(self._at(seen.broker, seen.destination))
        if seen.network:
            gone = (each for each in here if each.state == CROSSED and not each.answered)
            copy = next(gone, None) or next((each for each in here if each.state == WAITS), None)
            if copy is not None:
                copy.state, copy.answered = CROSSED, True
            return
        mine = [each for each in here if each.state == GIVEN and each.consumer == seen.consumer]
        copy = next((each for each in mine if each.client == client(seen)), None) or next(iter(mine), None)
        copy = copy or next((each for each in here if each.state in _OPEN and _is_queue(each)), None)
        if copy is None:
            copy = self._came_unseen(seen)
        copy.state, copy.client = BY_ITSELF if seen.automatic else ACKNOWLEDGED, client(seen)

    def _ended(self, seen: MessageSeen) -> None:
        here = list(self._at(seen.broker, seen.destination))
        copy = next((each for each in here if each.state == WAITS), None)
        if seen.consumer or copy is None:
            copy = next((each for each in here if seen.consumer and each.consumer == seen.consumer), copy)
        if copy is None:  # expired first, and a dead letter then
            copy = next((each for each in here if each.end is not None and each.end.event == "expired"), None)
        if copy is None:
            copy = self._new(seen.broker, seen.destination) if here else self._came_unseen(seen)
        copy.state, copy.end, copy.assumed = ENDED, seen, False

    def _at(self, broker: str, destination: str) -> Iterator[Copy]:
        """Yield the copies at a place; the destination may be the pattern of a consumer."""
        for copy in self.all:
            if copy.broker == broker and (copy.destination == destination or hears(destination, copy.destination)):
                yield copy

    def _came_unseen(self, seen: MessageSeen) -> Copy:
        """Return the copy of which no event shows that it was sent there."""
        if _is_queue(seen):
            self._cross(seen)
        return self._new(seen.broker, seen.destination, assumed=_is_queue(seen))

    def _new(self, broker: str, destination: str, **fields: bool) -> Copy:
        copy = Copy(broker=broker, destination=destination, **fields)  # type: ignore[arg-type]  # all are flags
        self.all.append(copy)
        return copy


def _is_queue(of: Copy | MessageSeen) -> bool:
    return of.destination.startswith("queue://")


def in_words(found: Sequence[Copy]) -> str:
    """Return the states of copies in one sentence; "" if there is none that the events prove."""
    several_places = len({copy.destination for copy in found if not copy.dead}) > 1

    def at(copy: Copy) -> str:
        return f"{copy.broker} on {copy.destination}" if several_places else copy.broker

    words = [
        f"it {ENDS[copy.end.event]} at {at(copy)}" + (f": {copy.end.why}" if copy.end.why else "")
        for copy in found
        if copy.end is not None and copy.state == ENDED
    ]
    words += [
        f"it was at {at(copy)}, was not stored, and {copy.broker} stopped at {copy.t:.3f} s"
        for copy in found
        if copy.state == GONE
    ]
    for state, before, after in (
        (ACKNOWLEDGED, "acknowledged by", ""),
        (BY_ITSELF, "dispatched to", "; its protocol acknowledges nothing"),
        (GIVEN, "dispatched to", ", and not acknowledged"),
    ):
        by = dict.fromkeys(f"{copy.client} at {at(copy)}" for copy in found if copy.state == state)
        words += [f"{before} {', '.join(by)}{after}"] if by else []
    waiting = [copy for copy in found if copy.state == WAITS and not copy.dead]
    words += dict.fromkeys(
        f"{'a second copy may wait' if copy.perhaps else 'it waits'} at {copy.broker} on {copy.destination}"
        for copy in waiting
    )
    if not words and (crossed := [copy for copy in found if copy.state == CROSSED]):
        words = [f"a bridge took it from {crossed[-1].broker}"]
    return "; ".join(words)
