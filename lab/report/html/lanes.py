"""The messages of each direction → a lane of the timeline: bars of counts, and lines of single messages.

A direction leads from one broker to another. Messages that did not come, or came doubled, late or in doubt, are drawn
up to a limit that the lane shows; of the others an even selection.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from math import inf

from lab.base.dataclass import dataclass
from lab.history.expected.records import Publication
from lab.judge import Judged
from lab.judge.evidence.audiences import Audience
from lab.judge.evidence.fates import fates
from lab.judge.evidence.tally import Tally
from lab.judge.wording import gap, moment

LEAST_MARGIN_SECONDS = 0.02  # seconds on either side, at least, so that a single moment is not stretched
WIDE = 1000  # units of a drawing, from the window's beginning to its end
BINS = 200
LANES, LINES, ANOMALIES = 24, 4000, 4000  # at most, on a page; LINES are of messages that arrived
WORDS = {
    "arrived": "arrived",
    "late": "late",
    "doubled": "received more than once",
    "doubt": "no acknowledgement of its sending",
    "waiting": "waiting at a broker",
    "dead_letters": "dead letter",
    "discarded": "discarded",
    "expired": "expired",
    "unknown": "not arrived",
    "lost": "lost",
}
FATES = tuple(WORDS)  # the later ones are drawn over the earlier ones
NOT_DELIVERED = FATES[4:]
TONES = {  # of the drawing
    **{fate: fate for fate in FATES[:4]},
    **dict.fromkeys(("waiting", "expired", "unknown"), "open"),
    **dict.fromkeys(("dead_letters", "discarded", "lost"), "lost"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One message, from its sending to its delivery."""

    x1: float
    x2: float
    fate: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Anomaly:
    """A message that did not come, or came doubled, late or in doubt, for the list."""

    id: str
    fate: str
    source: str
    target: str
    subscriber: str
    destination: str
    sent: float  # seconds
    took: float | None  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The stretch of time that is drawn, in seconds."""

    start: float
    end: float

    def x(self, t: float) -> float:
        """Return the place of a moment, in units of the drawing."""
        return round((t - self.start) / (self.end - self.start) * WIDE, 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """The messages of one publication for one audience, by fate."""

    audience: Audience
    tally: Tally
    fates: Mapping[str, Sequence[int]]  # message numbers


@dataclass(slots=True, kw_only=True)
class Way:
    """All messages from publishers at one broker to the audiences at another broker, or set of brokers."""

    source: str
    target: str
    brokers: tuple[str, ...]  # of the target
    parts: list[Part] = field(default_factory=list)

    @property
    def expected(self) -> int:
        """Return the number of messages that were accepted and expected."""
        return sum(part.tally.expected for part in self.parts)

    @property
    def arrived(self) -> int:
        """Return the number of expected messages that arrived."""
        return sum(part.tally.received for part in self.parts)

    def many(self, fate: str) -> int:
        """Return the number of messages of a fate."""
        return sum(len(part.fates[fate]) for part in self.parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """The drawing of a way."""

    source: str
    target: str
    brokers: tuple[str, ...]
    expected: int
    arrived: int
    counts: tuple[tuple[str, int], ...]  # by fate, without zeros
    tallest: int  # messages in the tallest bar
    bar: str  # the time that a bar spans, in words
    sent: str  # paths of bars, like the next two
    failed: str
    failed_tone: str
    received: str
    lines: tuple[Line, ...]
    left_out: str  # the messages that are not drawn, in words
    alike: bool


def ways(judged: Judged) -> tuple[Way, ...]:
    """Return every direction in which messages were expected or arrived."""
    found: dict[tuple[str, str], Way] = {}
    for audience, within in zip(judged.evidence.audiences, judged.limits, strict=True):
        target = ", ".join(audience.brokers)
        became = fates(judged.evidence, audience)
        for tally in audience.tallies:
            if not (tally.eligible or tally.arrived or tally.received):
                continue
            source, limit = tally.publication.broker, within.get(tally.publication.step, inf)
            way = found.setdefault((source, target), Way(source=source, target=target, brokers=audience.brokers))
            way.parts.append(Part(audience=audience, tally=tally, fates=_fates(tally, limit, became)))
    return tuple(found.values())


def window(ways: Sequence[Way], moments: Iterable[float], end: float) -> Window:
    """Return the window from the first message to the last, with those of `moments` (of faults) that are near."""
    first, last = [], []
    for way in ways:
        for tally in (part.tally for part in way.parts):
            sent_at = tally.publication.sent_at
            took = tally.latency
            times = [t for t in sent_at if t == t]  # NaN: never sent
            if times:
                first.append(min(times))
                last.append(max(times))
            if took:
                last.append(max(sent_at[number] + time for number, time in zip(tally.arrived, took, strict=True)))
    told = [t for t in moments if 0 <= t <= end]
    if not first:
        return Window(start=0.0, end=max(end, 0.001))
    begin, over = min(first), max(last)
    near = max((over - begin) * 0.5, 1.0)  # with faults further away, the messages would be too small to see
    begin = min([begin, *(t for t in told if begin - t <= near)])
    over = max([over, *(t for t in told if t - over <= near)])
    edge = max((over - begin) * 0.03, LEAST_MARGIN_SECONDS)
    return Window(start=begin - 2 * edge, end=over + edge)


def lanes(ways: Sequence[Way], window: Window) -> tuple[Lane, ...]:
    """Return the lanes of the busiest ways, in the order of `ways`."""
    busiest = sorted(ways, key=lambda way: -max(way.expected, way.arrived))[:LANES]
    share = max(1, len(busiest))
    return tuple(
        _lane(way, window, lines=min(160, LINES // share), anomalous=min(500, ANOMALIES // share))
        for way in ways
        if way in busiest
    )


def anomalies(ways: Sequence[Way], most: int) -> tuple[tuple[Anomaly, ...], int]:
    """Return the anomalies and their number in all; of too many, an even selection of each way and fate."""
    groups = [
        (way, part, fate) for way in ways for part in way.parts for fate in reversed(FATES[1:]) if part.fates[fate]
    ]
    total = sum(len(part.fates[fate]) for _, part, fate in groups)
    share = max(1, most // max(1, len(groups)))
    listed = []
    for way, part, fate in groups[:most]:
        audience, tally, numbers = part.audience, part.tally, part.fates[fate]
        chosen = numbers if total <= most else _sample(numbers, share)
        took = _took(tally, chosen)
        for number in chosen:
            listed.append(
                Anomaly(
                    id=tally.publication.known_as(number),
                    fate=fate,
                    source=way.source,
                    target=way.target,
                    subscriber=", ".join(audience.names),
                    destination=tally.publication.destination,
                    sent=tally.publication.sent_at[number],
                    took=took.get(number),
                )
            )
    listed.sort(key=lambda one: (one.sent, one.id))
    return tuple(listed), total


def _bin(place: float) -> int:
    """Return the bin of a place; places outside, from an edited history, are in the nearest bin."""
    return max(0, min(BINS - 1, int(place)))


def _lane(way: Way, window: Window, *, lines: int, anomalous: int) -> Lane:
    """Return the lane of a way; `lines` and `anomalous` limit the lines of each fate."""
    sent, failed, received = [0] * BINS, [0] * BINS, [0] * BINS
    scale = BINS / (window.end - window.start)
    start = window.start
    for tally in (part.tally for part in way.parts):
        sent_at = tally.publication.sent_at
        for number, took in zip(tally.arrived, tally.latency, strict=True):
            t = sent_at[number]
            sent[_bin((t - start) * scale)] += 1
            received[_bin((t + took - start) * scale)] += 1
        for numbers in (tally.lost, tally.in_doubt):
            for number in numbers:
                failed[_bin((sent_at[number] - start) * scale)] += 1
    tallest = max(1, *(a + b for a, b in zip(sent, failed, strict=True)), *received)
    drawn, left_out = _lines(way, window, lines, anomalous)
    return Lane(
        source=way.source,
        target=way.target,
        brokers=way.brokers,
        expected=way.expected,
        arrived=way.arrived,
        counts=tuple((fate, count) for fate in FATES[1:] if (count := way.many(fate))),
        tallest=tallest,
        bar=gap(1 / scale),
        sent=_bars(sent, failed, tallest, up=True),
        failed=_bars(failed, [0] * BINS, tallest, up=True),
        failed_tone="lost" if any(way.many(fate) for fate in NOT_DELIVERED if TONES[fate] == "lost") else "open",
        received=_bars(received, [0] * BINS, tallest, up=False),
        lines=drawn,
        left_out=left_out,
        alike=any(part.tally.alike for part in way.parts),
    )


HIGH = 100  # units of a bar's own drawing


def _bars(counts: Sequence[int], below: Sequence[int], tallest: int, *, up: bool) -> str:
    """Return bars as one path: on top of the bars `below` if `up`, else hanging from the top."""
    step = WIDE / BINS
    parts = []
    for place, (count, under) in enumerate(zip(counts, below, strict=True)):
        if count:
            high = max(3.0, count / tallest * HIGH)
            y = HIGH - under / tallest * HIGH if up else high
            parts.append(f"M{place * step:g} {y:.1f}v{-high:.1f}h{step:g}v{high:.1f}z")
    return "".join(parts)


def _lines(way: Way, window: Window, lines: int, anomalous: int) -> tuple[tuple[Line, ...], str]:
    """Return the lines of a way, and a note on the omitted ones."""
    drawn: list[Line] = []
    left_out = []
    chosen_of: dict[str, int] = {}
    for fate in FATES:
        total = way.many(fate)
        most = lines if fate == "arrived" else anomalous
        for part in way.parts:
            tally, numbers = part.tally, part.fates[fate]
            chosen = numbers if total <= most else _sample(numbers, max(1, len(numbers) * most // total))
            took = _took(tally, chosen)
            chosen_of[fate] = chosen_of.get(fate, 0) + len(chosen)
            told = f"to {', '.join(part.audience.names)}, {WORDS[fate]}"
            drawn += (_line(tally.publication, number, took.get(number), fate, window, told) for number in chosen)
        if chosen_of.get(fate, 0) < total:
            left_out.append(f"{chosen_of[fate]:,} of {total:,}: {WORDS[fate]}")
    return tuple(drawn), "; ".join(left_out)


def _line(publication: Publication, number: int, took: float | None, fate: str, window: Window, text: str) -> Line:
    t = publication.sent_at[number]
    end = t if took is None else t + took
    after = "" if took is None else f" after {took * 1000:.1f} ms"
    text = f"{publication.known_as(number)} sent at {moment(t)}: {text}{after}"
    return Line(x1=window.x(t), x2=window.x(end), fate=fate, text=text)


def _fates(tally: Tally, within: float, became: Mapping[int, str]) -> Mapping[str, Sequence[int]]:
    """Return the message numbers of each fate; a message that is doubled and late counts as doubled.

    `became` has by step what became of its messages that did not come.
    """
    late: Sequence[int] = array("I")
    if tally.late(within):
        apart = set(tally.doubled)
        late = array("I", (number for number, took in tally.waits() if took > within and number not in apart))
    arrived: Sequence[int] = tally.arrived
    if late or tally.doubled:
        apart = {*tally.doubled, *late}
        arrived = array("I", (number for number in tally.arrived if number not in apart))
    found = {"arrived": arrived, "late": late, "doubled": tally.doubled, "doubt": tally.in_doubt}
    fate = became.get(tally.publication.step, "unknown")
    return {**found, **{name: tally.lost if name == fate else array("I") for name in NOT_DELIVERED}}


def _sample(numbers: Sequence[int], many: int) -> Sequence[int]:
    """Return an even selection of `many` numbers, with the first and the last."""
    if len(numbers) <= many:
        return numbers
    if many == 1:
        return numbers[:1]
    return [numbers[place * (len(numbers) - 1) // (many - 1)] for place in range(many)]


def _took(tally: Tally, numbers: Sequence[int]) -> dict[int, float]:
    """Return the latencies of those messages that arrived, by number, in seconds."""
    if not numbers:
        return {}
    wanted = set(numbers)
    return {number: took for number, took in zip(tally.arrived, tally.latency, strict=True) if number in wanted}
