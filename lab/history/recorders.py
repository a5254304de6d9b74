"""Receivers of observations."""

from __future__ import annotations

from typing import Protocol

from lab.history.observation import Observation


class Recorder(Protocol):
    """A receiver of observations; safe to call from any thread."""

    def record(self, observation: Observation) -> None:
        """Take one observation."""
        ...


class MemoryRecorder:
    """A Recorder that keeps all observations in memory, in their order."""

    def __init__(self) -> None:
        self.observations: list[Observation] = []

    def record(self, observation: Observation) -> None:
        """Keep one observation; appending to a list is safe from any thread."""
        self.observations.append(observation)


class Tee:
    """A Recorder that hands each observation on to several others, in order."""

    def __init__(self, *recorders: Recorder) -> None:
        self._hand_on = tuple(each.record for each in recorders)

    def record(self, observation: Observation) -> None:
        """Hand one observation on."""
        for hand_on in self._hand_on:
            hand_on(observation)
