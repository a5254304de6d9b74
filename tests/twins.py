"""The scenarios that ship, and their broken twins: what is asked of a twin's reasons, whoever ran it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from lab.scenarios import load_named
from lab.shipped import shipped

_BROKEN = {path.stem: load_named(path.stem, {}).origin.broken for path in sorted(shipped("scenarios").glob("*.yaml"))}

SCENARIOS = [name for name, broken in _BROKEN.items() if not broken]
TWINS = [name for name, broken in _BROKEN.items() if broken]


def twin(name: str) -> Path:
    """Return the file of a scenario's broken twin."""
    return shipped("scenarios") / f"{name}-broken.yaml"


def not_said(twin: str, reasons: Iterable[str]) -> list[str]:
    """Return what a twin's file says of the reasons of its broken verdicts, and none of them does."""
    said = "\n".join(reasons)
    return [each for each in _BROKEN[twin] if each not in said]


def broken_for_its_reason(name: str, report: Mapping[str, Any]) -> None:
    """Assert that a run of a scenario's twin was broken, and for the reason that its file gives."""
    assert report["outcome"] == "broken", report
    reasons = [each["reason"] for each in report["verdicts"] if each["outcome"] == "broken"]
    assert not_said(f"{name}-broken", reasons) == [], reasons
