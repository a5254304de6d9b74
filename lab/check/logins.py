"""The logins that a scenario's steps try."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from lab.declare.scenario import Scenario
from lab.declare.steps.base import Login, Step
from lab.declare.unrolling import every_step


def logins(scenario: Scenario) -> Sequence[Login]:
    """Return every login that a step tries."""
    return _logins(_ById(scenario.steps))


def listeners(scenario: Scenario) -> Sequence[Login]:
    """Return every login of a client that subscribes to a destination."""
    return [each for each in logins(scenario) if each.listens]


class _ById:
    """Steps as keys by identity: to compare thousands takes as long as to look through them."""

    def __init__(self, steps: Sequence[Step]) -> None:
        self.steps = steps

    def __hash__(self) -> int:
        return id(self.steps)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _ById) and other.steps is self.steps


@lru_cache(maxsize=2)
def _logins(steps: _ById) -> Sequence[Login]:
    """Search the steps for logins once, since most expectations need them."""
    return [login for step in every_step(steps.steps) if (login := step.login) is not None]
