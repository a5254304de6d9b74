"""A judged history → the scenes of a film: moments with a sentence, and the states that changed. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from math import inf
from typing import Any

from lab.base.dataclass import dataclass
from lab.extras.film.messages import Messages, messages
from lab.extras.film.stage import Stage, stage
from lab.extras.film.states import Listening, Part, State, States
from lab.history import (
    Answered,
    BridgeSeen,
    LogLine,
    Observation,
    Replied,
    SendOutcome,
    SightChanged,
    StepEnded,
)
from lab.history.display import Course, Tone, Weight
from lab.judge import Judged
from lab.report.html.faults import faults, with_direction
from lab.report.html.lanes import NOT_DELIVERED, WORDS, anomalies, ways
from lab.report.timeline import remainder

MOST_SCENES, MOST_CAPTIONS, LONGEST_CAPTION = 20_000, 4000, 300
GOOD, STEP = "good", "step"
_NAMED = ("bridge", "broker", "connector", "trouble", "sight", "maintenance", "ended", "mark")  # texts without a verb
_UNTOLD = ("snapshot", "policy", "record", "message", "connection", "transaction", "consumer")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A moment in seconds: its sentence, "" for none, its tone, and the parts that changed with their new states."""

    t: float
    caption: str
    tone: str
    changes: tuple[tuple[int, State], ...] = ()
    verdict: int | None = None  # the number of the verdict that is shown from then on


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A moment that the slider marks, with its label."""

    t: float
    label: str
    tone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Film:
    """A run as a film."""

    stage: Stage
    parts: tuple[Part, ...]
    end: float
    scenes: tuple[Scene, ...]
    messages: Messages
    marks: tuple[Mark, ...]
    missing: str  # the reason why the film ends before the run did, as a sentence; "" if it does not
    left_out: str  # scenes or captions that are not shown, in words


def film(judged: Judged, *, cut_short: bool = False, open: bool = False) -> Film:
    """Return the film of a judged history.

    `cut_short` is whether the file's last line is incomplete, and `open` whether a running lab still writes the file.
    """
    report, timeline = judged.report, judged.evidence.timeline
    shown = stage(report)
    pairs = frozenset(broker.name for region in report.regions for broker in region.brokers if broker.pair)
    brokers: Mapping[str, Any] = judged.evidence.header.declared.get("topology", {}).get("brokers", {})
    later = frozenset(name for name, broker in brokers.items() if broker.get("later") in (True, "yes"))
    states = States(shown, pairs, later)
    listening = list(_listening(judged))
    events: list[Observation | Listening] = [*timeline.seen, *listening]
    times = [event.t for event in events if event.t < inf]
    end = max([timeline.end, 0.001, *times])
    ended, standing = timeline.ended is not None, judged.evidence.header.standing
    left = remainder(None, ended=ended, standing=standing, open=True if open else None)
    missing = "The history is cut short: its last line is incomplete" if cut_short else left[:1].upper() + left[1:]
    every = sorted(_scenes(timeline.seen, listening, states), key=lambda scene: scene.t)
    every, left_out = _limited(_together(every))
    if len(every) == MOST_SCENES and every[-1].t < end:
        end = every[-1].t
        missing = f"It has the first {MOST_SCENES:,} events"
    last = [Scene(t=end, caption=f"The film ends here. {missing}.", tone=str(Tone.WORSE))] if missing else []
    verdicts = (
        Scene(
            t=end, caption=f"{verdict.outcome}: {verdict.expectation}", tone=_OF[str(verdict.outcome)], verdict=number
        )
        for number, verdict in enumerate(report.verdicts)
    )
    return Film(
        stage=shown,
        parts=states.parts,
        end=end,
        scenes=(*every, *last, *verdicts),
        messages=messages(judged, shown, end),
        marks=tuple(sorted((mark for mark in _marks(judged) if mark.t <= end), key=lambda mark: mark.t)),
        missing=missing,
        left_out=left_out,
    )


_OF = {"passed": GOOD, "failed": str(Tone.SHUT), "unknown": str(Tone.WORSE)}


def _listening(judged: Judged) -> Iterator[Listening]:
    """Yield the moments when clients began to listen, and stopped."""
    for subscription in judged.evidence.ledger.subscriptions.values():
        absences = [(begin, end) for begin, end in (*subscription.away, *subscription.cut_off) if end > begin]
        for begin, end in subscription.windows:
            inside = sorted((max(a, begin), min(b, end)) for a, b in absences if a < end and b > begin)
            edges = [begin, *(edge for absence in inside for edge in absence), end]
            for number, t in enumerate(edges):
                if t < inf:
                    yield Listening(t=t, broker=subscription.broker, client=subscription.client, begins=number % 2 == 0)


def _scenes(observations: Sequence[Observation], listening: Sequence[Listening], states: States) -> Iterator[Scene]:
    events: list[Observation | Listening] = [*(event for event in observations if event.is_news), *listening]
    for event in sorted(events, key=_since):
        changes = states.changes(event)
        if isinstance(event, Listening):
            caption, tone = "", str(Tone.PLAIN)
        elif isinstance(event, BridgeSeen) and not changes:
            continue  # a reading of its counters
        else:
            caption, tone = _caption(event), _tone(event)
        if caption or changes:
            yield Scene(t=_since(event), caption=caption, tone=tone, changes=changes)


def _since(event: Observation | Listening) -> float:
    """Return when an event began; a broker may have been unseen for a while before that was recorded."""
    return min(event.t, event.since) if isinstance(event, SightChanged) and event.state == "lost" else event.t


def _caption(observation: Observation) -> str:
    """Return an observation as a sentence; "" if it is none of the events that a viewer waits for."""
    if not observation.is_listed or observation.kind in _UNTOLD:
        return ""
    if isinstance(observation, LogLine) and (observation.trace or observation.level not in ("WARN", "ERROR", "FATAL")):
        return ""
    if isinstance(observation, StepEnded) and observation.as_written and not observation.note:
        return ""
    well = isinstance(observation, Replied) and observation.outcome is SendOutcome.OK
    if well or isinstance(observation, Answered):
        return ""
    row = observation.row()
    between = ": " if observation.kind in _NAMED or row.actor.startswith("step ") else " "
    text = f"{row.actor}{between}{row.text}" if row.actor else row.text
    return text if len(text) <= LONGEST_CAPTION else f"{text[: LONGEST_CAPTION - 1]}…"


def _tone(observation: Observation) -> str:
    look = observation.look
    if isinstance(look, Course):
        state = str(getattr(observation, look.state, ""))
        of_state = look.looks.get(state)
        return GOOD if state in look.ends else str(Tone.PLAIN if of_state is None else of_state.tone)
    weight = observation.row().weight
    if weight is Weight.STEP:
        return STEP
    return str(Tone.PLAIN if weight is Weight.PLAIN else Tone.WORSE if look is None else look.tone)


def _together(scenes: Sequence[Scene]) -> list[Scene]:
    """Return scenes in which a link has one sentence for both directions, if they changed alike at once."""
    kept: list[Scene] = []
    for scene in scenes:
        before = kept[-1] if kept else None
        if before is not None and before.t == scene.t and (text := _both(before.caption, scene.caption)):
            kept[-1] = replace(before, caption=text, changes=(*before.changes, *scene.changes))
        else:
            kept.append(scene)
    return kept


def _both(first: str, second: str) -> str:
    """Return one sentence for "LINK from A to B STATE" and "LINK from B to A STATE"; "" if they are other ones."""
    link, from_sign, rest = first.partition(" from ")
    leaving, to, rest = rest.partition(" to ")
    reaching, verb, state = rest.partition(" is ")
    same = f"{link} from {reaching} to {leaving} is {state}"
    return f"{link} is {state}, in both directions" if from_sign and to and verb and second == same else ""


def _limited(scenes: list[Scene]) -> tuple[list[Scene], str]:
    """Return as many scenes, and sentences, as a film may have, and a note on the number of sentences."""
    scenes = scenes[:MOST_SCENES]
    told = [number for number, scene in enumerate(scenes) if scene.caption]
    if len(told) <= MOST_CAPTIONS:
        return scenes, ""
    for number in told[MOST_CAPTIONS:]:
        scenes[number] = replace(scenes[number], caption="")
    return scenes, f"The film has the first {MOST_CAPTIONS:,} of {len(told):,} sentences."


def _marks(judged: Judged) -> Iterable[Mark]:
    """Yield the marks of faults, and of the first message that failed."""
    timeline = judged.evidence.timeline
    for fault in faults(timeline.seen)[0]:
        named = with_direction(fault)
        yield Mark(t=fault.start, label=f"{named.look.label} {named.text}", tone=str(named.look.tone))
    odd = [anomaly for anomaly in anomalies(ways(judged), 300)[0] if anomaly.sent == anomaly.sent]
    failed = [anomaly for anomaly in odd if anomaly.fate in NOT_DELIVERED]
    if odd:
        first = min(failed or odd, key=lambda anomaly: anomaly.sent)
        noun = "failed message" if failed else "message worth a look"
        label = f"the first {noun}, {first.id} from {first.source} to {first.target}: {WORDS[first.fate]}"
        yield Mark(t=first.sent, label=label, tone="message")
