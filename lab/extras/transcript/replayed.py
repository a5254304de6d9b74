"""The history of a replay → the steps of its scenario, at the moments at which they began."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lab.extras.transcript.observed import Strangers
from lab.extras.transcript.steps import read
from lab.extras.transcript.values import Act, Note, Part, at
from lab.history import Header, Observation, StepEnded, StepStarted


class Replayed:
    """The steps of a replay, collected observation by observation."""

    def __init__(self, header: Header) -> None:
        declared = header.declared.get("steps")
        self._entries = [each for each in declared if isinstance(each, dict)] if isinstance(declared, list) else []
        self._strangers = Strangers(header.run)
        self._begun: dict[int, StepStarted] = {}  # outermost steps by position
        self._outermost: dict[int, int] = {}  # step number → position of the outermost step around it
        self._started: dict[int, StepStarted] = {}
        self._ended: dict[int, StepEnded] = {}
        self._last = 0.0

    def add(self, observation: Observation) -> None:
        """Add an observation."""
        self._last = max(self._last, observation.t)
        self._strangers.add(observation)
        match observation:
            case StepStarted():
                position = int(re.match(r"\d{0,9}", observation.place or str(observation.step))[0] or 0)  # type: ignore[index]
                self._outermost[observation.step], self._started[observation.step] = position, observation
                if re.fullmatch(r"\d*", observation.place):
                    self._begun[position] = observation
            case StepEnded():
                self._ended[observation.step] = observation

    def parts(self) -> Iterator[Part]:
        """Yield the steps and the notes, unordered."""
        yield from self._strangers.notes()
        for position, entry in enumerate(self._entries, 1):
            if (begun := self._begun.get(position)) is None:
                verb = next((str(key) for key in entry if key not in ("at", "as", "fails")), "")
                yield Note(t=self._last, text=f"step {position}, {verb}, did not begin: the run ended before it")
            else:
                yield from self._step(entry, begun, position)

    def _step(self, entry: object, begun: StepStarted, position: int) -> Iterator[Part]:
        ended = self._ended.get(begun.step)
        text = f"{at(begun.t)}: step {position}, {begun.asked}"
        step, why = read(entry)
        if step is None:
            yield Note(t=begun.t, text=f"{text}: it cannot be written as a step: {why}")
            return
        if ended is not None and not ended.as_written:
            how = "it succeeded, but was expected to fail" if ended.ok else f"it was not done as asked: {ended.note}"
            yield Note(t=begun.t, text=f"{text}: {how}; omitted")
            return
        if ended is None and not step.in_background:
            yield Note(t=begun.t, text=f"{text}: it had not ended when the history ends")
        for number, inner in self._ended.items():
            if number != begun.step and self._outermost.get(number) == position and not inner.as_written:
                asked = self._started[number].asked
                yield Note(t=begun.t, text=f"{text}: in it, {asked} was not done as asked: {inner.note}; it stays")
        yield Act(t=begun.t, end=self._last if ended is None else ended.t, step=step)
