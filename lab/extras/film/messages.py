"""The messages of a film: each delivery by itself, or where there are many, how many there are in each part of time."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from math import inf

from lab.base.dataclass import dataclass
from lab.extras.film.stage import Stage
from lab.judge import Judged
from lab.report.html.lanes import NOT_DELIVERED, Part, ways

MOST_SINGLE = 3000  # deliveries that are shown one by one
MOST_BINS, LEAST_BINS, MOST_ROWS = 1500, 60, 60_000  # parts of time, and of all directions together


@dataclass(frozen=True, slots=True, kw_only=True)
class Direction:
    """The deliveries from one broker to another."""

    source: str
    target: str
    hops: tuple[int, ...]  # strokes of the map: number + 1, negative against the stroke's direction


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One message on its way to one audience; `took` is None if it did not arrive."""

    direction: int
    sent: float
    took: float | None
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """The deliveries of a direction, counted in parts of time: the number of the part, those sent, those arrived."""

    direction: int
    rows: tuple[tuple[int, int, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Messages:
    """All messages of a film, as deliveries or as streams."""

    directions: tuple[Direction, ...]
    deliveries: tuple[Delivery, ...] = ()
    streams: tuple[Stream, ...] = ()
    part_s: float = 0.0  # the length of a part of time, in seconds; 0 without streams


def messages(judged: Judged, shown: Stage, end: float) -> Messages:
    """Return the messages of a judged history that ends at a moment, in seconds."""
    passages = [passage for way in ways(judged) for part in way.parts for passage in _passages(part)]
    directions: dict[tuple[str, str, tuple[int, ...]], int] = {}
    by_destination: dict[tuple[str, str, str], int] = {}
    for passage in passages:
        key = passage.source, passage.target, passage.destination
        if key not in by_destination:
            routes = [row for row in judged.report.routes if row.destination == passage.destination]
            hops = shown.hops(passage.source, passage.target, routes)
            by_destination[key] = directions.setdefault((*key[:2], hops), len(directions))
    numbered = [(by_destination[passage.source, passage.target, passage.destination], passage) for passage in passages]
    found = tuple(Direction(source=source, target=target, hops=hops) for source, target, hops in directions)
    if sum(passage.count for passage in passages) <= MOST_SINGLE:
        single = [
            Delivery(direction=number, sent=sent, took=took, id=passage.part.tally.publication.id(place))
            for number, passage in numbered
            for place, sent, took in _within(passage, end)
        ]
        return Messages(directions=found, deliveries=tuple(sorted(single, key=lambda delivery: delivery.sent)))
    count = max(LEAST_BINS, min(MOST_BINS, MOST_ROWS // len(found)))
    part_s = max(end, 0.001) / count
    sent_in = [array("I", bytes(4 * count)) for _ in found]
    arrived_in = [array("I", bytes(4 * count)) for _ in found]
    for number, passage in numbered:
        for _, sent, took in _within(passage, end):
            sent_in[number][_bin(sent / part_s, count)] += 1
            if took is not None:
                arrived_in[number][_bin((sent + took) / part_s, count)] += 1
    streams = tuple(
        Stream(
            direction=number,
            rows=tuple((place, *both) for place, both in enumerate(zip(*columns, strict=True)) if any(both)),
        )
        for number, columns in enumerate(zip(sent_in, arrived_in, strict=True))
    )
    return Messages(directions=found, streams=streams, part_s=part_s)


def _within(passage: _Passage, end: float) -> Iterator[tuple[int, float, float | None]]:
    """Yield the deliveries that a film shows, which ends at a moment; NaN is the sending of one that was never sent."""
    for number, sent, took in passage.deliveries():
        if sent <= end:
            yield number, sent, None if took is None or sent + took > end else took


def _bin(place: float, count: int) -> int:
    return max(0, min(count - 1, int(place)))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Passage:
    """The messages of one publication for one audience that came to one broker, or were to come there."""

    source: str
    target: str
    destination: str
    part: Part
    missing: tuple[Sequence[int], ...]  # the numbers of those that did not come
    chosen: Mapping[int, str] | None = field(default=None)  # by number: the broker, if an audience is at several

    @property
    def count(self) -> int:
        """Return an upper limit of the number of deliveries."""
        return len(self.part.tally.arrived) + sum(map(len, self.missing))

    def deliveries(self) -> Iterator[tuple[int, float, float | None]]:
        """Yield number, moment of sending, and duration, in seconds; None for a message that did not come."""
        tally = self.part.tally
        sent_at = tally.publication.sent_at
        for number, took in zip(tally.arrived, tally.latency, strict=True):
            if self.chosen is None or self.chosen.get(number) == self.target:
                yield number, sent_at[number], max(took, 0.0)
        for numbers in self.missing:
            for number in numbers:
                yield number, sent_at[number], None


def _passages(part: Part) -> Iterator[_Passage]:
    audience, tally = part.audience, part.tally
    came = set(tally.arrived) if part.fates["doubt"] else frozenset()
    missing = (*(part.fates[fate] for fate in NOT_DELIVERED), [n for n in part.fates["doubt"] if n not in came])
    brokers = audience.brokers
    chosen = None if len(brokers) == 1 else _first_receivers(part)
    for number, broker in enumerate(brokers):
        yield _Passage(
            source=tally.publication.broker,
            target=broker,
            destination=tally.publication.destination,
            part=part,
            missing=missing if number == 0 else (),
            chosen=chosen,
        )


def _first_receivers(part: Part) -> Mapping[int, str]:
    """Return the broker at which each message first arrived, by its number."""
    step = part.tally.publication.step
    found = {}
    for number in part.tally.arrived:
        position = (step << 32) + number
        first = min(part.audience.members, key=lambda member: member.first_arrival(position))
        if first.first_arrival(position) < inf:
            found[number] = first.broker
    return found
