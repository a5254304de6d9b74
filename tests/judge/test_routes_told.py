"""A report says of its routes what a reader has to know: of which moment they are, and what has none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lab.judge import Report, judge_file
from lab.report.document import document
from tests.judge.cases import HERE, shown

CHANGED = "a step changes what these routes rest on: after it others may hold"
APART = (
    "no route is told for topic://a.> at tokyo: the rules were compared with real brokers for subscriptions to a "
    "destination's own name"
)


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
        ({"apart": ["topic://a.> at tokyo"]}, [APART]),
        ({"fixed": False, "apart": ["topic://a.> at tokyo"]}, [CHANGED, APART]),
        ({"fixed": False, "apart": ["topic://a.> at tokyo"], "rows": []}, [APART]),
    ],
)
def test_what_to_know_of_routes_is_told_beside_them(changed: dict[str, Any], told: list[str], tmp_path: Path) -> None:
    report = judged(tmp_path, **changed)
    assert list(report.routes_notes) == told
    assert document(report).get("routes_notes", []) == told
    if report.routes:
        assert all(each in " ".join(shown(report).split()) for each in told)


def test_of_many_subscriptions_some_are_named(tmp_path: Path) -> None:
    (note,) = judged(tmp_path, apart=[f"topic://{number}.> at tokyo" for number in range(9)]).routes_notes
    assert "topic://4.> at tokyo and 4 more: " in note
