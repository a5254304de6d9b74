"""A scenario as a command takes it: with passwords from this environment, and what is worth a word on stderr."""

from __future__ import annotations

import os
from pathlib import Path

from lab import scenarios
from lab.amazonmq.configurations import wording
from lab.cli import options
from lab.declare.loading import resolve
from lab.declare.scenario import Scenario
from lab.errors import InputError
from lab.scenarios import Asked
from lab.shipped import shipped


def load_named(name: str) -> Scenario:
    """Load a scenario by its path, or by the name of one that ships; nothing is checked yet."""
    return scenarios.load_named(name, os.environ)


def shipped_path(name: str) -> Path:
    """Return the file of a scenario that ships with mqlab, by its name."""
    folder = shipped("scenarios")
    path = resolve(name, folder)
    if path.parent != folder:
        raise InputError.of(f"{name} is a path, not the name of a scenario that ships", "mqlab scenarios lists them")
    return path


def read(name: str) -> Scenario:
    """Load and check a scenario; InputError with every Problem."""
    return scenarios.read(name, os.environ)


def asked(name: str, version: str | None = None) -> Asked:
    """Load, check and plan a scenario; what the service would remove of its configurations is told on stderr."""
    found = scenarios.asked(name, os.environ, version=version)
    mask = found.scenario.origin.mask
    for line in wording.lines(found.removals, found.advice):
        options.progress(quiet=False).warn(mask.text(line))
    return found
