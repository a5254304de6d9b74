"""The way from a scenario's name to its Plan, as every command that takes a scenario goes it."""

from __future__ import annotations

import os
from dataclasses import dataclass

from lab.declare.checking import check
from lab.declare.loading import load, resolve
from lab.declare.scenario import Scenario
from lab.errors import InputError
from lab.plan import Plan, plan
from lab.shipped import shipped


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A scenario read, checked and planned."""

    scenario: Scenario
    plan: Plan


def read(name: str, version: str | None = None) -> Scenario:
    """Load and check a scenario; InputError with every Problem."""
    scenario = load(resolve(name, shipped("scenarios")), environment=os.environ)
    problems = check(scenario, activemq_version=version)
    if problems:
        raise InputError(problems)
    return scenario


def asked(name: str, seed: int | None = None, version: str | None = None) -> Asked:
    """Load, check and plan a scenario."""
    scenario = read(name, version)
    if seed is not None:
        scenario = scenario.with_seed(seed)
    return Asked(scenario=scenario, plan=plan(scenario.topology, seed=scenario.seed, activemq_version=version))
