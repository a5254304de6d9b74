"""The scenarios that ship, and their failing variants: the texts that their reasons must contain."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from lab.base.shipped import shipped
from lab.check.scenarios import load_named

_FAILS = {path.stem: load_named(path.stem, {}).origin.fails for path in sorted(shipped("scenarios").glob("*.yaml"))}

SCENARIOS = [name for name, fails in _FAILS.items() if not fails]
FAILING_VARIANTS = [name for name, fails in _FAILS.items() if fails]


def failing_variant(name: str) -> Path:
    """Return the file of a scenario's failing variant."""
    return shipped("scenarios") / f"{name}-fails.yaml"


def not_said(variant: str, reasons: Iterable[str]) -> list[str]:
    """Return the texts that a failing variant's file asks of its reasons and that none of them contains."""
    said = "\n".join(reasons)
    return [each for each in _FAILS[variant] if each not in said]


def failed_for_its_reason(name: str, report: Mapping[str, Any]) -> None:
    """Assert that a run of a scenario's failing variant failed, and for the reason that its file gives."""
    assert report["outcome"] == "failed", report
    reasons = [each["reason"] for each in report["verdicts"] if each["outcome"] == "failed"]
    assert not_said(f"{name}-fails", reasons) == [], reasons
