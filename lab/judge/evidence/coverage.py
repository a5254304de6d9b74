"""The parts of a history that were watched and are still on record; verdicts rest on these alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from math import inf

from lab.base.dataclass import dataclass
from lab.history import BEAT, Forgotten, SightChanged, Unwatched, Watched
from lab.judge.evidence.outages import Outage

PATIENCE = 3 * BEAT  # seconds of a monitor's silence after which the lab counts as unwatched


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """A stretch of time, in seconds, in which a broker's management, or its log, could not be read, or was not."""

    broker: str
    kind: str  # "management" | "log" | "look": between two looks, of which the later one found a change
    begin: float
    end: float = inf
    instance: int = 0


class Coverage:
    """The gaps in which no monitor watched a lab, removed parts of its history, and the silences of each broker."""

    def __init__(self, *, standing: bool) -> None:
        self.standing = standing
        self.gaps: list[Unwatched] = []
        self.forgotten: dict[str, Forgotten] = {}  # by kind of lines: "messages" or other
        self.silences: list[Silence] = []
        self._until = 0.0

    def add(self, observation: Watched | Unwatched | Forgotten | SightChanged) -> None:
        """Record one observation."""
        if isinstance(observation, Forgotten):
            self.forgotten[observation.of] = observation
        elif isinstance(observation, SightChanged):
            self._sight(observation)
        else:
            self._until = observation.t
            if isinstance(observation, Unwatched):
                self.gaps.append(observation)
                # A new watch says so where a broker is silent still.
                self.silences = [replace(each, end=min(each.end, observation.t)) for each in self.silences]

    def _sight(self, change: SightChanged) -> None:
        """Record that sight of a broker was lost or regained; missed lines of a log have been read by then."""
        if change.state == "lost":
            its = Silence(broker=change.broker, kind=change.of, begin=change.since, instance=change.instance)
            self.silences.append(its)
            return
        its_own = (change.broker, change.of, change.instance)
        for place in range(len(self.silences) - 1, -1, -1):
            each = self.silences[place]
            if (each.broker, each.kind, each.instance) == its_own and each.end == inf:
                if change.of == "log":
                    del self.silences[place]
                else:
                    self.silences[place] = replace(each, end=change.t)

    def close(self, end: float) -> None:
        """Note the end of the history, in seconds: if the monitor was silent before it, that is a gap too."""
        if self.standing and end - self._until > PATIENCE:
            self.gaps.append(Unwatched(t=inf, since=self._until))

    def gap(self, begin: float, end: float) -> Unwatched | None:
        """Return the first gap between two moments, in seconds; None if there is none."""
        return next((each for each in self.gaps if each.since < end and each.t > begin), None)

    def silence(self, broker: str, begin: float, end: float, kind: str = "management") -> Silence | None:
        """Return a broker's first silence between two moments, which may be one and the same; None if there is none."""
        return next((each for each in self.silences_of(broker, kind) if each.begin < end and each.end > begin), None)

    def silences_of(self, broker: str, kind: str = "management") -> Iterator[Silence]:
        """Yield the silences of a broker."""
        return (each for each in self.silences if (each.broker, each.kind) == (broker, kind))


def unasked(silences: Iterable[Silence], outages: Sequence[Outage]) -> tuple[Silence, ...]:
    """Return the silences that no step brought about: those of a broker that was not paused, stopped or killed then."""
    return tuple(
        each
        for each in silences
        if not any(
            out.name == each.broker and out.start <= each.end and (out.end is None or out.end >= each.begin)
            for out in outages
        )
    )
