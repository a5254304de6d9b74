"""The way from a scenario's name to its Plan, as every command that takes a scenario goes it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from rich.markup import escape

from lab.cli import options, telling
from lab.declare.advice import advise, removals
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


def load_named(name: str) -> Scenario:
    """Load a scenario by its path, or by the name of one that ships; nothing is checked yet."""
    return load(resolve(name, shipped("scenarios")), environment=os.environ)


def shipped_path(name: str) -> Path:
    """Give the file of a scenario that ships with mqlab, by its name."""
    folder = shipped("scenarios")
    path = resolve(name, folder)
    if path.parent != folder:
        raise InputError.of(f"{name} is a path, not the name of a scenario that ships", "mqlab scenarios lists them")
    return path


def read(name: str, version: str | None = None) -> Scenario:
    """Load and check a scenario; InputError with every Problem."""
    scenario = load_named(name)
    problems = check(scenario, activemq_version=version)
    if problems:
        raise InputError(problems)
    return scenario


def asked(name: str, seed: int | None = None, version: str | None = None) -> Asked:
    """Load, check and plan a scenario; what the service would remove of its configurations is told on stderr."""
    scenario = read(name, version)
    for line in telling.lines(removals(scenario.topology), advise(scenario.topology)):
        options.err().print(f"[yellow]warning:[/yellow] {escape(line)}", soft_wrap=True)
    if seed is not None:
        scenario = scenario.with_seed(seed)
    return Asked(scenario=scenario, plan=plan(scenario.topology, seed=scenario.seed, activemq_version=version))
