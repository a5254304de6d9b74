"""The scenario argument of commands: loaded with passwords from this environment, with advice on stderr."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from lab.amazonmq.configurations import wording
from lab.base.shipped import shipped
from lab.base.text_files import STANDARD_INPUT, not_a_file, why_not_a_file
from lab.check import scenarios
from lab.check.scenarios import PlannedScenario
from lab.cli import options
from lab.declare.loading import resolve
from lab.declare.scenario import Scenario
from lab.errors import InputError, Problem

if TYPE_CHECKING:  # most commands plan nothing
    from lab.plan.values import Plan


def load_named(name: str, set: Mapping[str, str] = {}, environment: Mapping[str, str] = os.environ) -> Scenario:
    """Load a scenario by its path, or by the name of a shipped one, without checking it."""
    return scenarios.load_named(name, environment, set)


def check_file(name: str) -> None:
    """Raise InputError if a scenario's name is neither the path of a file nor the name of a shipped scenario."""
    path = resolve(name, shipped("scenarios"))
    if path != STANDARD_INPUT and (why := why_not_a_file(path)):
        raise not_a_file(path, str(path), why)


def shipped_path(name: str) -> Path:
    """Return the path of a shipped scenario by its name; raise InputError for a path."""
    folder = shipped("scenarios")
    path = resolve(name, folder)
    if path.parent != folder:
        raise InputError.of(f"{name} is a path, not the name of a scenario", "run mqlab scenarios for the list")
    return path


def read(name: str, set: Mapping[str, str] = {}, version: str | None = None) -> Scenario:
    """Load and check a scenario; raise InputError with every Problem found."""
    return scenarios.read(name, os.environ, version, set)


def plan_named(
    name: str, version: str | None, set: Mapping[str, str], port_base: int | None = None, *, ports: bool = False
) -> PlannedScenario:
    """Load, check and plan a scenario; write to stderr the settings that the service would remove, and advice.

    With `ports`, the advice also names fixed ports in use: declared ports, and ports from `port_base` on.
    """
    found = scenarios.plan_named(name, os.environ, version=version, set=set, port_base=port_base)
    mask = found.scenario.origin.mask
    taken = taken_ports(found.plan) if ports else ()
    for line in wording.lines(found.removals, (*found.advice, *taken)):
        options.progress(quiet=False).warn(mask.text(line))
    return found


def taken_ports(plan: Plan) -> tuple[Problem, ...]:
    """Return advice on each fixed port of a plan that another program has now."""
    from lab.runtime.ports import REMEDY, taken

    found = taken([its for broker in plan.brokers for its in broker.instances])
    return tuple(Problem(what=each, remedy=REMEDY) for each in found)
