"""The copies of one message, by the events that brokers recorded: the place of each copy, or its end.

A message has one copy in each queue behind a composite destination, and for each client of a topic. It has a second one
if it crosses a bridge twice, or if an AMQP sender uses its id again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from lab.activemq.destinations import hears, parts_of
from lab.base.dataclass import dataclass
from lab.history import BrokerChanged, ConsumerSeen, MessageSeen, Observation

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


def is_change(event: Observation) -> bool:
    """Return whether an observation takes messages from their place: a consumer left, or a broker ended."""
    if isinstance(event, ConsumerSeen):
        return event.state == "unsubscribed"
    return isinstance(event, BrokerChanged) and event.state in _STOPS and not event.standby


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
    followed = _Copies(committed, routes)
    ordered = sorted(events, key=lambda event: event.t)
    begin = ordered[0].t if ordered else 0.0
    for event in sorted([*ordered, *(change for change in changes if change.t >= begin)], key=lambda event: event.t):
        followed.add(event)
    return tuple(followed.all)


class _Copies:
    """Follows the copies of one message from event to event."""

    def __init__(self, committed: set[tuple[str, str]], routes: Routes) -> None:
        self.all: list[Copy] = []
        self._committed, self._routes = committed, routes

    def add(self, event: MessageSeen | Change) -> None:
        """Add an event; they come in the order of their moments."""
        if isinstance(event, ConsumerSeen):
            for copy in self.all:
                if (copy.broker, copy.consumer, copy.state) == (event.broker, event.consumer, GIVEN) and _is_queue(
                    copy
                ):
                    copy.state = WAITS
        elif isinstance(event, BrokerChanged):
            for copy in self.all:
                if copy.broker == event.broker and copy.state in _OPEN and _is_queue(copy):
                    copy.state, copy.t = WAITS if copy.persistent else GONE, event.t
        elif event.event == "sent" and (not event.why or event.original):
            self._sent(event)
        elif event.event == "dispatched" and not event.network:
            self._dispatched(event)
        elif event.event == "acknowledged" and not event.why:
            self._acknowledged(event)
        elif event.event == "rejected":
            for copy in self._at(event.broker, event.destination):
                if copy.state == GIVEN and copy.consumer == event.consumer:
                    copy.state = WAITS
        elif event.event in ENDS:
            self._ended(event)

    def _sent(self, event: MessageSeen) -> None:
        told_before = any(copy.assumed for copy in self._at(event.broker, event.destination))
        came = event.network and not told_before and self._cross(event)
        again = event.network and not came and any(copy.state == CROSSED for copy in self.all)
        for destination in self._routes(event.broker, event.destination):
            here = list(self._at(event.broker, destination))
            assumed = next((copy for copy in here if copy.assumed), None)
            if assumed is not None:
                assumed.assumed, assumed.persistent = False, event.persistent
            elif destination.startswith("queue://") and (event.network or not here or event.over.startswith("amqp")):
                dead, perhaps = bool(event.original), again and bool(here)
                persistent = event.persistent or dead
                self._new(event.broker, destination, persistent=persistent, dead=dead, perhaps=perhaps)

    def _cross(self, event: MessageSeen) -> bool:
        """Take the copy at another broker that came over a bridge; return whether there is one."""
        for copy in self.all:
            if copy.broker != event.broker and copy.state == WAITS and copy.destination == event.destination:
                copy.state = CROSSED
                return True
        return False

    def _dispatched(self, event: MessageSeen) -> None:
        here = list(self._at(event.broker, event.destination))
        if event.destination.startswith("topic://"):
            here = [copy for copy in here if copy.client == event.client]
        waiting = (copy for copy in here if copy.state == WAITS)
        given = (copy for copy in here if copy.state == GIVEN)
        copy = next(waiting, None) or next(given, None)
        if copy is None:
            copy = self._came_unseen(event)
        copy.state, copy.consumer, copy.client, copy.perhaps = GIVEN, event.consumer, event.client, False

    def _acknowledged(self, event: MessageSeen) -> None:
        if event.transaction and (event.broker, event.transaction) not in self._committed:
            return
        here = list(self._at(event.broker, event.destination))
        if event.network:
            gone = (other for other in here if other.state == CROSSED and not other.answered)
            copy = next(gone, None) or next((other for other in here if other.state == WAITS), None)
            if copy is not None:
                copy.state, copy.answered = CROSSED, True
            return
        mine = [other for other in here if other.state == GIVEN and other.consumer == event.consumer]
        copy = next((other for other in mine if other.client == event.client), None) or next(iter(mine), None)
        copy = copy or next((other for other in here if other.state in _OPEN and _is_queue(other)), None)
        if copy is None:
            copy = self._came_unseen(event)
        copy.state, copy.client = BY_ITSELF if event.automatic else ACKNOWLEDGED, event.client

    def _ended(self, event: MessageSeen) -> None:
        here = list(self._at(event.broker, event.destination))
        copy = next((other for other in here if other.state == WAITS), None)
        if event.consumer or copy is None:
            copy = next((other for other in here if event.consumer and other.consumer == event.consumer), copy)
        if copy is None:  # expired first, and a dead letter then
            copy = next((other for other in here if other.end is not None and other.end.event == "expired"), None)
        if copy is None:
            copy = self._new(event.broker, event.destination) if here else self._came_unseen(event)
        copy.state, copy.end, copy.assumed = ENDED, event, False

    def _at(self, broker: str, destination: str) -> Iterator[Copy]:
        """Yield the copies at a place; the destination may be the pattern of a consumer."""
        for copy in self.all:
            if copy.broker == broker and (copy.destination == destination or hears(destination, copy.destination)):
                yield copy

    def _came_unseen(self, event: MessageSeen) -> Copy:
        """Return the copy of which no event shows that it was sent there."""
        if _is_queue(event):
            self._cross(event)
        return self._new(event.broker, event.destination, assumed=_is_queue(event))

    def _new(self, broker: str, destination: str, **fields: bool) -> Copy:
        copy = Copy(broker=broker, destination=destination, **fields)  # type: ignore[arg-type]  # all are flags
        self.all.append(copy)
        return copy


def _is_queue(place: Copy | MessageSeen) -> bool:
    return place.destination.startswith("queue://")


def in_words(all_copies: Sequence[Copy]) -> str:
    """Return the states of copies in one sentence; "" if there is none that the events prove."""
    several_places = len({copy.destination for copy in all_copies if not copy.dead}) > 1

    def at(copy: Copy) -> str:
        return f"{copy.broker} on {copy.destination}" if several_places else copy.broker

    clauses = [
        f"it {ENDS[copy.end.event]} at {at(copy)}" + (f": {copy.end.why}" if copy.end.why else "")
        for copy in all_copies
        if copy.end is not None and copy.state == ENDED
    ]
    clauses += [
        f"it was at {at(copy)}, was not stored, and {copy.broker} stopped at {copy.t:.3f} s"
        for copy in all_copies
        if copy.state == GONE
    ]
    for state, before, after in (
        (ACKNOWLEDGED, "acknowledged by", ""),
        (BY_ITSELF, "dispatched to", "; its protocol acknowledges nothing"),
        (GIVEN, "dispatched to", ", and not acknowledged"),
    ):
        by = dict.fromkeys(f"{copy.client} at {at(copy)}" for copy in all_copies if copy.state == state)
        clauses += [f"{before} {', '.join(by)}{after}"] if by else []
    waiting = [copy for copy in all_copies if copy.state == WAITS and not copy.dead]
    clauses += dict.fromkeys(
        f"{'a second copy may wait' if copy.perhaps else 'it waits'} at {copy.broker} on {copy.destination}"
        for copy in waiting
    )
    if not clauses and (crossed := [copy for copy in all_copies if copy.state == CROSSED]):
        clauses = [f"a bridge took it from {crossed[-1].broker}"]
    return "; ".join(clauses)
