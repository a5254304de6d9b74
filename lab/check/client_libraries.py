"""Checks that a client library is installed for each protocol of a scenario; done before a replay, not by `check`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from lab.declare.scenario import Scenario
from lab.declare.unrolling import in_order
from lab.errors import Problem


def check_clients(scenario: Scenario, missing: Mapping[str, str]) -> tuple[Problem, ...]:
    """Return a Problem for each step over a protocol in `missing`, which maps protocols to remedies."""
    return tuple(dict.fromkeys(_found(scenario, missing)))  # a repeat is passed twice


def _found(scenario: Scenario, missing: Mapping[str, str]) -> Iterator[Problem]:
    for path, step in in_order(scenario.steps):
        over: str | None = getattr(step, "over", None)
        if over is not None and over in missing:
            what = f"no client for {over} is installed"
            yield Problem(what=what, remedy=missing[over], place=scenario.origin.place(*path, "over"))
