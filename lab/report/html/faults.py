"""Observations → faults on the timeline, each with a letter and a band, and the list of events."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from math import inf
from operator import attrgetter
from string import ascii_uppercase

from lab.base.dataclass import dataclass
from lab.history import (
    Answered,
    BridgeSeen,
    Observation,
    Replied,
    StepEnded,
    Trouble,
)
from lab.history.display import Course, Look, Tone, Weight
from lab.judge.wording import moment
from lab.report.html.lanes import WIDE, Window

TOGETHER = 0.25  # seconds; two directions of a link changed by one step are one fault
MOST_FAULTS, MOST_EVENTS = 60, 400  # on a page
_APART = 0.17  # part of the timeline's width; letters with labels that are nearer would overlap
_moment = attrgetter("t")
_IMPAIRED = Look("link impaired", Tone.WORSE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A fault from `start` to `end` in seconds; a moment if both are equal; None lasts to the end of the history."""

    letter: str
    look: Look
    text: str
    start: float
    end: float | None
    ways: tuple[tuple[str, str], ...] = ()  # the directions of a link affected, as regions
    brokers: tuple[str, ...] = ()  # the brokers affected; with neither, everything is

    def touches(self, source: str, target: str, regions: Mapping[str, str]) -> bool:
        """Return whether the fault may affect messages between two brokers; `regions` has each broker's region."""
        if self.ways:
            return (regions.get(source), regions.get(target)) in self.ways
        return not self.brokers or bool({source, target} & set(self.brokers))

    @property
    def when(self) -> str:
        """Return the begin and end of the fault in words."""
        if self.end == self.start:
            return f"at {moment(self.start)}"
        return f"{moment(self.start)} to {'the end' if self.end is None else moment(self.end)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One line of the list of events."""

    t: float
    actor: str
    text: str
    tone: Tone = Tone.PLAIN


@dataclass(slots=True, kw_only=True)
class _Open:
    """A fault that is being collected."""

    look: Look
    text: str
    start: float
    ways: list[tuple[str, str]]
    brokers: list[str]
    end: float | None = None
    open: int = 1  # directions of a link or ends of a bridge still affected
    rest_of: _Open | None = None  # the fault of both directions, of which this direction is left


def faults(observations: Iterable[Observation]) -> tuple[tuple[Fault, ...], int]:
    """Return the faults in the order they began, up to a limit, and the number of all faults."""
    bands: list[_Open] = []
    present: dict[tuple[str, ...], _Open] = {}
    impairments: dict[tuple[str, ...], str] = {}
    sessions: dict[tuple[str, ...], set[str]] = {}
    for observation in sorted(observations, key=_moment):  # an engine may report an end after the recovery
        course = observation.look
        if course is None or not observation.is_news:
            continue
        if isinstance(course, Look):
            if observation.row().weight is not Weight.PLAIN:
                bands.append(_mark(observation, course))
            continue
        thing = (observation.kind, *(_field(observation, name) for name in course.subject))
        if isinstance(observation, BridgeSeen) and _was_replaced(observation, sessions.setdefault(thing, set())):
            continue
        look_now = _look(observation, course, thing, impairments)
        if look_now is not None and thing in present and (present[thing].look, present[thing].text) == look_now:
            continue
        if look_now is None and _field(observation, course.state) not in course.ends:
            continue
        if (old := present.pop(thing, None)) is not None:
            old.open -= 1
            old.end = None if old.open else observation.t  # both directions, or both ends, must have recovered
            if old.open and old.ways:
                bands.append(_left(old, observation, present))
        if look_now is not None:
            present[thing] = _begin(bands, observation, *look_now)
    named = [band for band in bands if (band.end is None or band.end >= band.start) and not _is_moment(band)]
    named.sort(key=lambda band: band.start)
    given = tuple(
        Fault(
            letter=_letter(number),
            look=band.look,
            text=band.text,
            start=band.start,
            end=band.end,
            ways=tuple(band.ways),
            brokers=tuple(band.brokers),
        )
        for number, band in enumerate(named[:MOST_FAULTS])
    )
    return given, len(named)


def _left(old: _Open, change: Observation, present: dict[tuple[str, ...], _Open]) -> _Open:
    """End a link's fault of both directions, and begin and return the fault of the direction that is left."""
    healed = (_field(change, "leaving"), _field(change, "reaching"))
    old.end = change.t
    ways = [way for way in old.ways if way != healed]
    rest = _Open(look=old.look, text=old.text, start=change.t, ways=ways, brokers=[], open=old.open, rest_of=old)
    present |= {thing: rest for thing, band in present.items() if band is old}
    return rest


def _is_moment(band: _Open) -> bool:
    """Return whether a direction is left for so short that a step changed both; the fault of both lasts as long."""
    if band.rest_of is None or band.end is None or band.end - band.start > TOGETHER:
        return False
    band.rest_of.end = band.end
    return True


def _mark(observation: Observation, look: Look) -> _Open:
    """Return the mark of an event; one that is recorded at its end has lasted since its begin, or lasts on."""
    start, end = min(observation.t, getattr(observation, "since", observation.t)), observation.t
    return _Open(
        look=look,
        text=_text(observation),
        start=start,
        ways=[],
        brokers=_brokers(observation),
        end=None if end == inf else end,
    )


def _was_replaced(end: BridgeSeen, up: set[str]) -> bool:
    """Update the sessions `up` of a bridge's end; return whether a session ended while another is up."""
    if end.up:
        up.add(end.remote_address)
    else:
        up.discard(end.remote_address)
    return not end.up and bool(up)


def _look(
    observation: Observation, course: Course, subject: tuple[str, ...], impairments: dict[tuple[str, ...], str]
) -> tuple[Look, str] | None:
    """Return the look and words of a faulty state; None if the state is well or continues the one before."""
    state = _field(observation, course.state)
    if observation.kind == "link":
        impairment = _field(observation, "impairment")
        if state == "open":
            first = impairments.setdefault(subject, "")
            return None if impairment == first else (_IMPAIRED, f"{subject[1]} set to {impairment}")
        impairments.setdefault(subject, impairment)
    look = course.looks.get(state)
    if look is None:
        if state not in course.ends and state not in course.looks:  # a state this page does not know
            return Look(f"{observation.kind} {state}", Tone.PLAIN), " ".join(subject[1:])
        return None
    if observation.kind == "link":
        return look, subject[1]
    if observation.kind == "bridge":
        return look, subject[1] or f"of {subject[3]}"
    if observation.kind == "sight":
        return look, f"{subject[1]}'s {subject[2]}"
    if observation.kind == "broker":
        return look, f"{subject[1]}, its standby" if subject[2] == "True" else subject[1]
    return look, " ".join(subject[1:])


def _begin(bands: list[_Open], observation: Observation, look: Look, text: str) -> _Open:
    """Return a new fault, or the open fault of a link's other direction or a bridge's other end, if it is the same."""
    ways = [(_field(observation, "leaving"), _field(observation, "reaching"))] if _field(observation, "leaving") else []
    brokers = [] if ways else _brokers(observation)
    for band in reversed(bands):
        if band.look != look or band.end is not None or band.text != text:
            continue
        together = ways and band.ways and observation.t - band.start <= TOGETHER
        if together or (len(brokers) == 2 and set(brokers) == set(band.brokers)):
            band.ways += ways
            band.open += 1
            return band
    start = min(observation.t, getattr(observation, "since", observation.t))  # sight may have been lost earlier
    begun = _Open(look=look, text=text, start=start, ways=ways, brokers=brokers)
    bands.append(begun)
    return begun


def _brokers(observation: Observation) -> list[str]:
    return [_field(observation, name) for name in ("broker", "remote") if _field(observation, name)]


def _field(observation: Observation, name: str) -> str:
    return str(getattr(observation, name, ""))


def _text(observation: Observation) -> str:
    """Return an observation in one line, without its kind, which is the label."""
    row = observation.row()
    return f"{row.actor}: {row.text}" if row.actor not in ("", observation.kind) else row.text


def _letter(number: int) -> str:
    """Return the letter of a number from 0: A to Z, then AA, AB and so on."""
    text = ascii_uppercase[number % 26]
    return text if number < 26 else _letter(number // 26 - 1) + text


def with_direction(fault: Fault) -> Fault:
    """Return a fault of a link whose label names its direction, or whose words say that it affects both."""
    if len(fault.ways) == 1:
        (leaving, reaching) = fault.ways[0]
        return replace(fault, look=replace(fault.look, label=f"{fault.look.label} {leaving} → {reaching}"))
    return replace(fault, text=f"{fault.text}, both directions") if fault.ways else fault


def events(observations: Sequence[Observation]) -> tuple[tuple[Event, ...], int]:
    """Return the events besides messages and counters, in order, up to a limit, and the number of all events."""
    told = []
    for observation in sorted(observations, key=_moment):  # a log's line may be read later than it was written
        row = observation.row()
        if not observation.is_listed or not observation.is_news:
            continue
        if isinstance(observation, StepEnded) and observation.ok and not observation.note:
            continue
        if isinstance(observation, Answered) or (isinstance(observation, Replied) and row.weight is Weight.PLAIN):
            continue  # messages
        bad = row.weight is Weight.FAULT and isinstance(observation, StepEnded | Trouble)
        told.append(Event(t=observation.t, actor=row.actor, text=row.text, tone=Tone.SHUT if bad else Tone.PLAIN))
    return tuple(told[:MOST_EVENTS]), len(told)


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """A fault's place on the timeline, in its units; letters that would overlap are in different rows."""

    fault: Fault
    x: float
    width: float
    row: int = 0

    @property
    def near_end(self) -> bool:
        """Return whether the label has no room between the band and the right edge."""
        return self.x > WIDE * (1 - _APART)


def bands_of(faults: Sequence[Fault], window: Window) -> tuple[Band, ...]:
    """Return the bands of the faults that are within the window."""
    rows: list[float] = []
    bands = []
    for fault in faults:
        end = window.end if fault.end is None else min(fault.end, window.end)
        if fault.start > window.end or end < window.start:
            continue
        x = window.x(max(fault.start, window.start))
        band = Band(fault=fault, x=x, width=max(round(window.x(end) - x, 2), 0.0))
        label = x - WIDE * _APART if band.near_end else x  # where its label begins
        row = next((place for place, last in enumerate(rows) if label - last > WIDE * _APART), len(rows))
        rows[row : row + 1] = [label]
        bands.append(replace(band, row=row))
    return tuple(bands)
