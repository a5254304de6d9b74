"""Every report says what was asked of each step beside what it did, and notes where the two differ."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from lab.judge import judge_whole
from lab.report.document import to_json
from lab.report.html import Files, to_html
from lab.report.junit import to_xml
from lab.report.summary import RunOf, markdown
from tests.judge.cases import shown

CASE = Path(__file__).parents[1] / "judge" / "steps-that-fell-short" / "history.jsonl"
ASKED = (
    "3 of 5 accepted, 1 without an acknowledgement, 1 never sent",
    "3 of 4 accepted, 1 without an acknowledgement; the scenario needs 3",
    "0 of 2 accepted, 2 never sent",
    "8 of 20 taken",
    "2 of 5 taken; the scenario needs 2",
    "3 of 3 sent accepted, it ended too early",
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


STEPS = {  # a step that did as it was asked, one that sent less, one that took less
    "terminal": (
        r"step \d+ \(publish [^\n]*\) +2 +2 +2\n",
        r"step \d+ \(publish [^\n]*\) +5 +4 +3\n",
        r"\) +20 +8 taken\n",
    ),
    "page": (
        r"step \d+ \(publish [^<]*\)</td><td class=\"n\">2</td><td class=\"n\">2</td><td class=\"n\">2</td>",
        r"\)</td><td class=\"n\">5</td><td class=\"n\">4</td><td class=\"n\"><span class=\"state down\">3</span>",
        r"\)</td><td class=\"n\">20</td><td class=\"n\"></td><td class=\"n\"><span class=\"state down\">8</span>",
    ),
    "junit": (
        r"name=\"step \d+ \(publish [^\"]*\" value=\"asked: 2; 2 sent, 2 accepted\"",
        r"value=\"asked: 5; 4 sent, 3 accepted\"",
        r"value=\"asked: 20; 8 taken\"",
    ),
}


@pytest.mark.parametrize("report", STEPS)
def test_each_step_stands_in_every_report_with_what_it_was_asked_and_what_it_did(report: str) -> None:
    """Also a step that did as it was asked."""
    judged = judge_whole(CASE)
    text = {
        "terminal": lambda: shown(judged.report, 400),
        "page": lambda: to_html(judged, Files()),
        "junit": lambda: to_xml(judged.report, 1.0),
    }[report]()
    assert [each for each in STEPS[report] if not re.search(each, text)] == []


def test_of_many_steps_those_that_fell_short_are_shown() -> None:
    report = judge_whole(CASE).report
    (whole, *_) = (step for step in report.steps if step.as_asked)
    many = replace(report, steps=tuple(replace(whole, step=n, words=f"step {n}") for n in range(50)) + report.steps)
    text = shown(many, 400)
    assert all(step.words in text for step in report.steps if not step.as_asked)
    assert re.search(r"and \d+ more steps, each as asked +\d+\n", text)
    narrow = shown(many, 40)
    assert "  asked: 20; 8 taken\n" in narrow and " more steps, each as asked\n" in narrow


def test_report_json_has_both_for_each_step() -> None:
    steps = json.loads(to_json(judge_whole(CASE).report))["steps"]
    told = [(each["did"], each["asked"], each["sent"], each["done"], each["at_least"], each["short"]) for each in steps]
    assert ("sent", 5, 4, 3, None, True) in told and ("sent", 4, 4, 3, 3, False) in told
    assert ("taken", 20, 0, 8, None, True) in told and ("taken", 5, 0, 2, 2, False) in told
    assert ("sent", 2, 2, 2, None, False) in told, "what went as asked is there too"
    assert ("sent", None, 3, 3, None, True) in told


FAILED = CASE.parents[1] / "verbs-that-failed" / "history.jsonl"
MISSED = {  # of steps that no expectation rests on, too
    "A step was not done as asked: step 2 (stop connector connector_tokyo_to_singapore of tokyo); its management",
    "A step was not done as asked: step 5 (update broker tokyo: its configuration, revision 1); tokyo is REBOOT",
    "A step was not done as asked: step 6 (late tries to connect to tokyo over amqp); refused: the connection was ref",
    "A step went well that was to fail: step 7 (impair link tokyo-singapore: 80ms delay).",
    "A wait was in vain: step 8 (wait until sg has received 9, within 1s); it did not come within 1s: sg has rec",
}


@pytest.mark.parametrize("report", ["terminal", "page", "json", "junit", "markdown"])
def test_every_report_has_a_note_about_each_step_that_ended_otherwise_than_written(report: str) -> None:
    judged = judge_whole(FAILED)
    its = json.loads(to_json(judged.report))
    text = {
        "terminal": lambda: shown(judged.report, 400),
        "page": lambda: to_html(judged, Files()),
        "json": lambda: "\n".join(its["notes"]),
        "junit": lambda: to_xml(judged.report, 1.0),
        "markdown": lambda: markdown([RunOf(scenario="s", name="s", code=1, seconds=1.0, began="", report=its)]),
    }[report]()
    text = text.replace("\\", "")  # as Markdown has it
    assert [each for each in MISSED if each not in text] == []
    assert "kill broker tokyo" not in "".join(judged.report.notes), "it was to fail"
