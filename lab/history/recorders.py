"""Receivers of observations."""

from __future__ import annotations

from typing import Protocol

from lab.history.observation import Observation


class Recorder(Protocol):
    """A receiver of observations; safe to call from any thread."""

    def record(self, *observations: Observation) -> None:
        """Record observations that came together, in their order."""
        ...


class MemoryRecorder:
    """A Recorder that keeps all observations in memory, in their order."""

    def __init__(self) -> None:
        self.observations: list[Observation] = []

    def record(self, *observations: Observation) -> None:
        """Keep observations; extending a list is safe from any thread."""
        self.observations += observations


class Tee:
    """A Recorder that passes observations to two others, in order."""

    def __init__(self, one: Recorder, other: Recorder) -> None:
        self._one, self._other = one.record, other.record

    def record(self, *observations: Observation) -> None:
        """Pass observations to both Recorders."""
        one, other = self._one, self._other  # called as names, which is faster than as methods that they are not
        one(*observations)
        other(*observations)
