"""Whether there is a client here for what a scenario's steps speak: asked before its steps are done, not by `check`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from lab.declare.scenario import Scenario
from lab.declare.unrolling import in_time
from lab.errors import Problem


def check_clients(scenario: Scenario, missing: Mapping[str, str]) -> tuple[Problem, ...]:
    """Return a Problem of each step over a protocol that is missing; its value in `missing` is the remedy."""
    return tuple(dict.fromkeys(_found(scenario, missing)))  # a repeat is gone through twice


def _found(scenario: Scenario, missing: Mapping[str, str]) -> Iterator[Problem]:
    for path, step in in_time(scenario.steps):
        over: str | None = getattr(step, "over", None)
        if over is not None and over in missing:
            what = f"no client for {over} is installed"
            yield Problem(what=what, remedy=missing[over], place=scenario.origin.place(*path, "over"))
