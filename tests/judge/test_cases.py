"""A history written by hand gives the report beside it; every report keeps to the published schema."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from lab.report.document import document, schema, to_json

from .cases import CASES, judged, shown

CASE = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


@CASE
def test_a_history_gives_the_report_beside_it(case: Path) -> None:
    report = judged(case)
    assert json.loads(to_json(report)) == json.loads((case / "report.json").read_text(encoding="utf-8"))
    assert shown(report) == (case / "report.txt").read_text(encoding="utf-8")


@CASE
def test_every_report_keeps_to_the_schema(case: Path) -> None:
    Draft202012Validator.check_schema(schema())
    Draft202012Validator(schema()).validate(document(judged(case)))


@CASE
def test_judging_again_gives_the_same_bytes(case: Path) -> None:
    assert to_json(judged(case)) == to_json(judged(case))
