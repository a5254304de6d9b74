"""Every report says what was asked of a step beside what it did, where the two differ; report.json says it of all."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lab.judge import judge_whole
from lab.report.document import to_json
from lab.report.html import Files, to_html
from lab.report.junit import to_xml
from tests.judge.cases import shown

CASE = Path(__file__).parents[1] / "judge" / "steps-that-fell-short" / "history.jsonl"
ASKED = (
    "3 of 5 accepted, 1 without a receipt, 1 never sent",
    "3 of 4 accepted, 1 without a receipt; the scenario needs 3",
    "0 of 2 accepted, 2 never sent",
    "8 of 20 taken",
    "2 of 5 taken; the scenario needs 2",
    "3 of 3 sent accepted, it ended before it was told to",
)


@pytest.mark.parametrize("report", ["terminal", "page", "junit"])
def test_what_was_asked_stands_beside_what_was_done(report: str) -> None:
    judged = judge_whole(CASE)
    text = {
        "terminal": lambda: shown(judged.report, 400),
        "page": lambda: to_html(judged, Files()),
        "junit": lambda: to_xml(judged.report, 1.0),
    }[report]()
    assert [each for each in ASKED if each not in text] == []


def test_report_json_has_both_for_each_step() -> None:
    steps = json.loads(to_json(judge_whole(CASE).report))["steps"]
    told = [(each["did"], each["asked"], each["sent"], each["done"], each["at_least"], each["short"]) for each in steps]
    assert ("sent", 5, 4, 3, None, True) in told and ("sent", 4, 4, 3, 3, False) in told
    assert ("taken", 20, 0, 8, None, True) in told and ("taken", 5, 0, 2, 2, False) in told
    assert ("sent", 2, 2, 2, None, False) in told, "what went as asked is there too"
    assert ("sent", None, 3, 3, None, True) in told
