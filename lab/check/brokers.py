"""What is wrong with claims about what brokers log: patterns and steps that there are not."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lab.activemq.log_lines import NAMED
from lab.declare.expectations.bridge import Bridge
from lab.declare.expectations.log import Log
from lab.declare.expectations.recovered import Recovered
from lab.declare.scenario import Scenario
from lab.declare.suggestions import unknown
from lab.declare.unrolling import every_step
from lab.errors import Problem

_A_NAME = re.compile(r"[a-z]+(-[a-z]+)+")  # what looks like a pattern's name is taken for one


def check_log(scenario: Scenario, number: int, claim: Log) -> Iterator[Problem]:
    """Return what is wrong with a `log` expectation."""
    path = ("expect", number, claim.claim)
    brokers = scenario.topology.brokers
    if claim.broker not in brokers:
        place = scenario.origin.place(*path, "broker")
        yield unknown("broker", claim.broker, brokers, "brokers in this topology", place)
    place = scenario.origin.place(*path, "matches")
    if claim.matches not in NAMED and _A_NAME.fullmatch(claim.matches):
        yield unknown("pattern", claim.matches, NAMED, "patterns, beside regular expressions", place)
    yield from check_after(scenario, path, claim)


def check_after(scenario: Scenario, path: tuple[str | int, ...], claim: Log | Recovered | Bridge) -> Iterator[Problem]:
    """An expectation that counts from a step needs one."""
    if claim.after is not None and claim.after not in {step.verb for step in every_step(scenario.steps)}:
        place = scenario.origin.place(*path, "after")
        right = {Bridge: "remove within and after", Log: "remove after", Recovered: "count from another one"}[
            type(claim)
        ]
        yield Problem(what=f"the scenario has no {claim.after} step", remedy=f"add the step, or {right}", place=place)
