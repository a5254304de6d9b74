"""The logins that a scenario's steps try."""

from __future__ import annotations

from lab.declare.scenario import Scenario
from lab.declare.steps.base import Login
from lab.declare.unrolling import every_step


def logins(scenario: Scenario) -> list[Login]:
    """Return every login that a step tries."""
    return [login for step in every_step(scenario.steps) if (login := step.login) is not None]


def listeners(scenario: Scenario) -> list[Login]:
    """Return every login of a client that subscribes to a destination."""
    return [each for each in logins(scenario) if each.listens]
