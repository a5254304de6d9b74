"""A report says of its routes what a reader has to know: of which moment they are, and what has none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lab.judge import Report, judge_file
from lab.report.document import document
from tests.judge.cases import HERE, shown

CHANGED = "a step changes the conditions of these routes: after it, other routes may apply"


def judged(folder: Path, **changed: Any) -> Report:
    header, *rest = (HERE / "lost-by-a-ttl" / "history.jsonl").read_text().splitlines()
    written = json.loads(header)
    written["routes"] |= changed
    path = folder / "history.jsonl"
    path.write_text("\n".join([json.dumps(written), *rest]) + "\n")
    return judge_file(path)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({}, []),
        ({"fixed": False}, [CHANGED]),
        ({"fixed": False, "rows": []}, []),
    ],
)
def test_what_to_know_of_routes_is_told_beside_them(changed: dict[str, Any], told: list[str], tmp_path: Path) -> None:
    report = judged(tmp_path, **changed)
    assert list(report.routes_notes) == told
    assert document(report).get("routes_notes", []) == told
    if report.routes:
        assert all(each in " ".join(shown(report).split()) for each in told)
