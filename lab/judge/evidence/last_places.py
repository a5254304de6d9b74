"""The way of each message of an application, by the events of observers: its end, or the place that it came to last.

A place is only kept while no event shows that the message went on. A message of a composite destination has copies
with one id: each copy has the place and the end of the destination that its events name.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from typing import NamedTuple

from lab.activemq.destinations import hears, parts_of
from lab.base.units import several
from lab.history import BridgeSeen, MessageSeen
from lab.history.expected.records import Subscription, is_queue
from lab.judge.evidence.bridge_ways import BridgeWays
from lab.judge.wording import listed

_ENDS = {  # of one message, of several
    "expired": ("it expired", "expired"),
    "dead-lettered": ("it became a dead letter", "became dead letters"),
    "discarded": ("it was discarded", "were discarded"),
}
_AT_CLIENT = "it was dispatched"
_MOST_GROUPS = 3  # of messages with one cause, that a sentence names


class End(NamedTuple):
    """An event that ended a message."""

    event: str
    broker: str
    destination: str
    client: str  # the client of the subscription that it was for; "" for none
    bridge: str | None  # the client id of the bridge whose subscription it was for; None for no bridge
    why: str


class _Place(NamedTuple):
    broker: str
    destination: str
    consumer: str = ""  # the consumer of a client to which the message was dispatched
    client: str = ""


class LastPlaces:
    """Collects the events; `add` wants them in the order of their moments."""

    def __init__(self, repeated: Container[str] = ()) -> None:
        """`repeated` has the ids of several messages to one destination, whose events may be of either."""
        self._repeated = repeated
        self._ends: dict[str, list[End]] = {}
        self._last: dict[str, tuple[_Place, ...]] = {}  # queues alone, each once
        self._places: dict[tuple[_Place, ...], tuple[_Place, ...]] = {}  # each once: a history has a million messages
        self._open: set[tuple[str, str]] = set()  # broker and id of the consumers that have not left
        self._bridges = BridgeWays()

    def add(self, message: MessageSeen, client: str) -> None:
        """Add an event; `client` is the client of its consumer."""
        if message.event in _ENDS:
            bridge = message.client_id if message.network else None
            end = End(message.event, message.broker, message.destination, client, bridge, message.why)
            self._ends.setdefault(message.message, []).append(end)
        elif message.event == "sent" and not message.why:
            for part in parts_of(message.destination) if "," in message.destination else (message.destination,):
                self._put(message.message, _Place(message.broker, part))
        elif message.event == "dispatched" and not message.network:
            self._put(message.message, _Place(message.broker, message.destination, message.consumer, client))
        elif message.event in ("acknowledged", "rejected") and not message.why:
            last = self._last.get(message.message, ())
            left = (each for each in last if each.broker != message.broker or not _ends(message, each))
            self._keep(message.message, tuple(left))

    def forget(self, message: str) -> None:
        """Forget a message, which is not an application's."""
        self._ends.pop(message, None)
        self._last.pop(message, None)

    def forget_places(self, broker: str) -> None:
        """Forget which messages are at a broker, as its process has ended."""
        for message, places in list(self._last.items()):
            self._keep(message, tuple(place for place in places if place.broker != broker))

    def came(self, broker: str, consumer: str) -> None:
        """Note that a consumer began."""
        self._open.add((broker, consumer))

    def bridged(self, end: BridgeSeen) -> None:
        """Note an end of a bridge."""
        self._bridges.add(end)

    def left(self, broker: str, consumer: str) -> None:
        """Note that a consumer ended: its messages are in the queue again."""
        self._open.discard((broker, consumer))

    def expired(self, message: str) -> tuple[End, ...]:
        """Return the ends of a message whose time was over."""
        if message in self._repeated:
            return ()
        return tuple(
            end for end in self._ends.get(message, ()) if end.event == "expired" or "Message Expired" in end.why
        )

    def cause(self, messages: Iterable[tuple[str, str]], members: Iterable[Subscription], *, left: bool = False) -> str:
        """Return why messages did not come to members, as the end of a sentence; "" if it is not known of all.

        A message has its id, and the broker to which it was sent. With `left`, all must have left their clients.
        """
        causes: dict[tuple[str, str, str], list[str]] = {}
        members = tuple(members)
        for message, source in messages:
            place = self._place(message, members)
            at_client = place is not None and place[0] == _AT_CLIENT
            found = place if at_client else self._end(message, source, members) or place  # another copy may have ended
            if found is None or (left and at_client) or message in self._repeated:
                return ""
            *group, why = found
            causes.setdefault((group[0], group[1], group[2]), []).append(why)
        if not causes or len(causes) > _MOST_GROUPS:
            return ""
        total = sum(map(len, causes.values()))
        if total == 1:
            ((one, _, at),) = causes
            ((why,),) = causes.values()
            return f"; {one}{at}{f': {why}' if why else ''}"
        words = []
        for (one, many, at), reasons in causes.items():
            why = reasons[0]
            first = f" ({'first' if len(set(reasons)) > 1 else 'each'}: {why})" if why else ""
            became = many if len(reasons) > 1 else one.removeprefix("it ")
            words.append(f"{several(len(reasons), 'message')} {became}{at}{first}")
        return f"; by the observers' events {listed(words)}"

    def _put(self, message: str, place: _Place) -> None:
        if is_queue(place.destination):
            last = self._last.get(message)
            others = [each for each in last if each.destination != place.destination] if last else ()
            self._keep(message, (*others, place))

    def _keep(self, message: str, places: tuple[_Place, ...]) -> None:
        if places:
            self._last[message] = self._places.setdefault(places, places)
        else:
            self._last.pop(message, None)

    def _end(self, message: str, source: str, members: tuple[Subscription, ...]) -> tuple[str, str, str, str] | None:
        for end in self._ends.get(message, ()):
            if concerns(end, members) or self._is_on_the_way(end, source, members):
                remote = self._remote(end)
                bridge = "" if end.bridge is None else f" for the bridge to {remote}" if remote else " for a bridge"
                return (*_ENDS[end.event], f" at {end.broker}{bridge}", end.why)
        return None

    def _remote(self, end: End) -> str:
        return self._bridges.remote(end.broker, end.bridge or "")

    def _is_on_the_way(self, end: End, source: str, members: tuple[Subscription, ...]) -> bool:
        """Return whether the shortest way to each member that hears the message leads over the bridge of its end."""
        remote = self._remote(end)
        heard = [member for member in members if hears(member.destination, end.destination)]
        brokers = {broker for member in heard for broker in (member.broker, *member.brokers)}
        return bool(remote and brokers) and all(
            self._bridges.is_on_the_way((end.broker, remote), source, broker) for broker in brokers
        )

    def _place(self, message: str, members: tuple[Subscription, ...]) -> tuple[str, str, str, str] | None:
        heard = [each for each in self._last.get(message, ()) if _is_heard(each.destination, members)]
        if not heard:
            return None
        place = heard[-1]
        if (place.broker, place.consumer) in self._open:
            at = f" to {place.client} at {place.broker} and not acknowledged"
            return _AT_CLIENT, "were dispatched", at, ""
        return "it waits", "wait", f" at {place.broker} on {place.destination}", ""


def _ends(acknowledged: MessageSeen, place: _Place) -> bool:
    """Return whether an acknowledgement, which may name the consumer's own wildcard, is of the copy at a place."""
    return acknowledged.destination == place.destination or hears(acknowledged.destination, place.destination)


def concerns(end: End, members: Iterable[Subscription]) -> bool:
    """Return whether the end of a message is one for some subscriptions: of their queue, or for their client."""
    return any(
        hears(member.destination, end.destination) and (is_queue(end.destination) or end.client == member.client)
        for member in members
    )


def _is_heard(destination: str, members: Iterable[Subscription]) -> bool:
    return any(hears(member.destination, destination) for member in members)


def ran_out(ends: Mapping[int, tuple[End, ...]], number: int, members: Iterable[Subscription]) -> bool:
    """Return whether the time of a message was over at a broker, for some subscriptions."""
    members = tuple(members)
    return any(concerns(end, members) for end in ends.get(number, ()))
