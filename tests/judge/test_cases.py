"""A history written by hand gives the report beside it; every report keeps to the published schema."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from lab.report.document import document, schema, to_json

from .cases import CASES, IN_JSON, judged, shown

ELSEWHERE = {"basis", "heard_as", "routes_notes", "tcp"}  # left out of reports that have nothing to say there
CASE = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


@CASE
def test_a_history_gives_the_report_beside_it(case: Path) -> None:
    assert shown(judged(case)) == (case / "report.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("case", IN_JSON, ids=lambda case: case.name)
def test_a_history_gives_the_document_beside_it(case: Path) -> None:
    assert json.loads(to_json(judged(case))) == json.loads((case / "report.json").read_text(encoding="utf-8"))


def test_each_field_of_a_report_is_in_one_of_the_documents() -> None:
    documents = [json.loads((case / "report.json").read_text(encoding="utf-8")) for case in IN_JSON]
    assert fields(schema()) - keys(documents) == ELSEWHERE


def fields(part: Any) -> set[str]:
    """Return the names of all properties in a schema."""
    inner = part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()
    own = set(part["properties"]) if isinstance(part, dict) and isinstance(part.get("properties"), dict) else set()
    return own.union(*map(fields, inner))


def keys(part: Any) -> set[str]:
    """Return all keys in a document."""
    inner = part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()
    return set(part if isinstance(part, dict) else ()).union(*map(keys, inner))


@pytest.mark.sampled(16)
@CASE
def test_every_report_keeps_to_the_schema(case: Path) -> None:
    Draft202012Validator.check_schema(schema())
    Draft202012Validator(schema()).validate(document(judged(case)))


@CASE
def test_judging_again_gives_the_same_bytes(case: Path) -> None:
    assert to_json(judged(case)) == to_json(judged(case))
