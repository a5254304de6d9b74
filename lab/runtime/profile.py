"""The profile of a run: its waits, and the condition that each of them waited for.

The file is in the Trace Event Format, for chrome://tracing and Perfetto. A simulated run has two processes there: this
machine's time, and the lab's virtual time.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from lab.base.dataclass import dataclass
from lab.base.masking import Mask
from lab.history import Observation, StepEnded, StepStarted

OPEN, START, REPLAY, AT_END, JUDGE, CLOSE = "open", "start", "replay", "end", "judge", "take down"  # the parts of a run
BEGINNING = '{"traceEvents": ['  # the first characters of a profile
MOST_WAITS = 100_000
_MACHINE, _VIRTUAL = 1, 2  # processes of the file
_PROCESSES = {_MACHINE: "this machine's time", _VIRTUAL: "the lab's virtual time"}


class Wait:
    """One wait of a run; it lasts until `end`."""

    __slots__ = ("_clocks", "began", "details", "ended", "name", "part")

    def __init__(self, part: str, name: str, details: dict[str, Any], clocks: Sequence[Callable[[], float]]) -> None:
        self.part, self.name, self.details, self._clocks = part, name, details, clocks
        self.began = [now() for now in clocks]
        self.ended: list[float] | None = None

    def end(self, **details: Any) -> None:
        """End the wait, with further details for its reader; only the first end counts."""
        if self.ended is None:
            self.ended = [now() for now in self._clocks]
            self.details |= details


class Profile:
    """The waits of one run, from any thread."""

    def __init__(self, now: Callable[[], float] = time.monotonic, *, most: int = MOST_WAITS) -> None:
        self._clocks: tuple[Callable[[], float], ...] = (now,)
        self._starts = [now()]
        self._waits: list[Wait] = []
        self._most, self._left_out = most, 0
        self._steps: dict[int, Wait] = {}
        self._mask = Mask()

    def follow(self, now: Callable[[], float]) -> None:
        """Record a simulated lab's time too, from here on; a call of `now` must not let time pass."""
        self._clocks = (self._clocks[0], now)
        self._starts = [self._starts[0], 0.0]

    def hide(self, mask: Mask) -> None:
        """Mask passwords in the file."""
        self._mask = mask

    def begin(self, part: str, name: str, until: str = "") -> Wait:
        """Begin a wait of a part of the run; `until` is the condition in words."""
        wait = Wait(part, name, {"waits until": until} if until else {}, self._clocks)
        if len(self._waits) < self._most:
            self._waits.append(wait)
        else:
            self._left_out += 1
        return wait

    @contextmanager
    def wait(self, part: str, name: str, until: str = "") -> Iterator[Wait]:
        """Return a context manager for a wait; its block is the wait."""
        wait = self.begin(part, name, until)
        try:
            yield wait
        except BaseException as error:
            wait.end(error=type(error).__name__)
            raise
        wait.end()

    def record(self, *observations: Observation) -> None:
        """Record the steps of a replay from its observations, as a Recorder does."""
        for observation in observations:
            match observation:
                case StepStarted():
                    place = observation.place or str(observation.step)
                    self._steps[observation.step] = self.begin(REPLAY, f"step {place}: {observation.asked}")
                case StepEnded() if (wait := self._steps.pop(observation.step, None)) is not None:
                    wait.end(ok=observation.ok, **({"note": observation.note} if observation.note else {}))
                case _:
                    pass

    def text(self) -> str:
        """Return the file: an event for each wait. A wait without an end lasts until now: `ended` is false."""
        for wait in self._waits:
            wait.end(ended=False)
        events: list[Mapping[str, Any]] = []
        for at, process in enumerate((_MACHINE, _VIRTUAL)[: len(self._clocks)]):
            spans = [_Span.of(wait, at, self._starts[at]) for wait in self._waits if len(wait.began) > at]
            events += _events(process, spans)
        lines = ",\n".join(json.dumps(self._mask.value(event), ensure_ascii=False) for event in events)
        rest = {"displayTimeUnit": "ms", "otherData": {"program": "mqlab", "waits not kept": self._left_out}}
        return f"{BEGINNING}\n{lines}\n], {json.dumps(rest)[1:]}\n"


class _Unprofiled(Profile):
    """A profile that keeps nothing."""

    def follow(self, now: Callable[[], float]) -> None:
        """Keep nothing."""

    def begin(self, part: str, name: str, until: str = "") -> Wait:
        """Return a wait that is not kept."""
        return Wait(part, name, {}, ())


UNPROFILED: Profile = _Unprofiled()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Span:
    """A wait by one clock, in µs since the profile began."""

    part: str
    name: str
    began: int
    ended: int
    details: Mapping[str, Any]

    @classmethod
    def of(cls, wait: Wait, at: int, start: float) -> _Span:
        ended = (wait.ended or wait.began)[at]
        began, end = round((wait.began[at] - start) * 1e6), round((ended - start) * 1e6)
        return cls(part=wait.part, name=wait.name, began=began, ended=end, details=wait.details)


def _events(process: int, spans: Sequence[_Span]) -> Iterator[Mapping[str, Any]]:
    """Yield the events of one process: each part is a row, and more rows where its waits overlap without nesting."""
    yield _named("process", process, 0, _PROCESSES[process])
    rows: list[list[_Span]] = []  # for each row, the waits that are open
    parts = list(dict.fromkeys(span.part for span in spans))
    for part in parts:
        mine: list[int] = []
        for span in sorted((span for span in spans if span.part == part), key=lambda span: (span.began, -span.ended)):
            row = next((row for row in mine if _fits(rows[row], span)), None)
            if row is None:
                row = len(rows)
                rows.append([])
                yield _named("thread", process, row + 1, part if not mine else f"{part}, beside")
                mine.append(row)
            rows[row].append(span)
            its = {"ph": "X", "cat": part, "name": span.name, "pid": process, "tid": row + 1}
            yield {**its, "ts": span.began, "dur": span.ended - span.began, "args": dict(span.details)}


def _fits(open_waits: list[_Span], span: _Span) -> bool:
    """Return whether a wait is after the last waits of a row, or inside them; forget those that are over."""
    while open_waits and open_waits[-1].ended <= span.began:
        open_waits.pop()
    return not open_waits or span.ended <= open_waits[-1].ended


def _named(kind: str, process: int, row: int, name: str) -> Mapping[str, Any]:
    return {"ph": "M", "name": f"{kind}_name", "pid": process, "tid": row, "args": {"name": name}}
