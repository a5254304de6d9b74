"""Failed runs at lines of files, for GitHub and GitLab; no name or reason can begin another command."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from lab.cli.run_places import in_repository, places_of, problems_of
from lab.errors import Place
from lab.report.annotations import annotated, code_quality, workflow_commands
from lab.report.summary import RunOf
from tests.docs.pages import ROOT

EVIL = "::error file=x,line=1::\r\n::add-mask::a%0A::stop-commands::b\u2028\x1b[31m\x85\ud800"
BEGAN = "2026-11-27T12:04:05.678+00:00"
HERE = Place(file="tests/a.yaml", line=7, column=3)
WHOLE = Place(file="tests/a.yaml", line=1, column=1)


def run(scenario: str = "tests/a.yaml", **more: Any) -> RunOf:
    return RunOf(**{"scenario": scenario, "name": "a", "code": 1, "seconds": 1, "began": BEGAN, **more})


def report(*verdicts: tuple[str, str, str]) -> dict[str, Any]:
    outcomes = [outcome for _, outcome, _ in verdicts]
    keys = ("expectation", "outcome", "reason")
    return {"outcome": outcomes[0], "verdicts": [dict(zip(keys, verdict, strict=True)) for verdict in verdicts]}


def at(*places: Place | None) -> Any:
    def places_of_run(of: RunOf) -> Sequence[Place | None]:
        return places

    return places_of_run


TWO = run(report=report(("latency", "failed", "8 of 10"), ("none", "passed", ""), ("bridge", "unknown", "cut")))


def test_what_did_not_pass_is_at_its_line() -> None:
    found = list(annotated([TWO], at(HERE, None, Place(file="tests/b.yaml", line=2, column=5), WHOLE)))
    assert workflow_commands(found) == (
        "::error file=tests/a.yaml,line=7,col=3,title=tests/a.yaml%3A failed::latency: 8 of 10\n"
        "::error file=tests/b.yaml,line=2,col=5,title=tests/a.yaml%3A unknown::bridge: cut\n"
    )
    entries = json.loads(code_quality(found))
    assert [entry["location"] for entry in entries] == [
        {"path": "tests/a.yaml", "lines": {"begin": 7}},
        {"path": "tests/b.yaml", "lines": {"begin": 2}},
    ]
    assert {entry["severity"] for entry in entries} == {"major"}
    assert [entry["check_name"] for entry in entries] == ["mqlab: failed", "mqlab: unknown"]


def test_a_file_that_changed_meanwhile_is_named_as_a_whole() -> None:
    (first, _) = annotated([TWO], at(HERE, WHOLE))
    assert first.place == WHOLE


def test_problems_of_a_file_are_at_their_lines_and_another_error_is_at_the_file() -> None:
    wrong = run(problems=((HERE, "unknown key; did you mean steps?"), (None, "no topology")), error="mqlab: 2 problems")
    away = run(error="no engine answers")
    found = annotated([wrong, away], at(WHOLE))
    assert [(each.message, each.place) for each in found] == [
        ("unknown key; did you mean steps?", HERE),
        ("no topology", WHOLE),
        ("no engine answers", WHOLE),
    ]


def test_a_scenario_outside_the_repository_has_no_place() -> None:
    found = list(annotated([run("one-way", error="no engine")], at(None)))
    assert workflow_commands(found) == "::error title=one-way%3A error::no engine\n"
    assert json.loads(code_quality(found)) == []


def test_a_run_that_passed_has_no_annotation() -> None:
    found = list(annotated([run(report=report(("latency", "passed", "")))], at(HERE, WHOLE)))
    assert (workflow_commands(found), json.loads(code_quality(found))) == ("", [])


def test_hostile_texts_stay_text_of_one_command() -> None:
    hostile = run(EVIL, report=report((EVIL, "failed", EVIL), (EVIL, "failed", EVIL)))
    place = Place(file=EVIL, line=1, column=1)
    found = list(annotated([hostile], at(place, place, place)))
    lines = workflow_commands(found).split("\n")
    assert len(lines) == 3 and all(line.isprintable() for line in lines)
    head, _, message = lines[0].removeprefix("::error ").partition("::")
    assert [field.partition("=")[0] for field in head.split(",")] == ["file", "line", "col", "title"]
    assert head.count(":") == 0 and "%0A" not in message and "%250A" in message
    entries = json.loads(code_quality(found))
    assert all(entry["description"].isprintable() and entry["location"]["path"].isprintable() for entry in entries)
    assert len({entry["fingerprint"] for entry in entries}) == 2


def test_a_fingerprint_stays_where_only_the_reason_or_the_line_changed() -> None:
    other = run(report=report(("latency", "failed", "9 of 10")))
    prints = [
        json.loads(code_quality(list(annotated([one], places))))[0]["fingerprint"]
        for one, places in ((TWO, at(HERE, None, None, WHOLE)), (other, at(WHOLE, WHOLE)))
    ]
    assert prints[0] == prints[1]


def test_places_are_paths_from_the_top_of_the_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (ROOT / "scenarios" / "one-way.yaml").read_text("utf-8")
    text = text.replace("topologies/", f"{ROOT}/scenarios/topologies/")
    (tmp_path / ".git").mkdir()
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.yaml").write_text(text + "  - latency: {to: [sg], at-least: 1m}\n", "utf-8")
    monkeypatch.chdir(tmp_path / "sub")
    *_, last, whole = places_of({})(run("a.yaml", report={}))
    assert last is not None and whole is not None
    assert (last.file, last.line, whole.file, whole.line) == ("sub/a.yaml", text.count("\n") + 1, "sub/a.yaml", 1)
    assert in_repository(Place(file="../../other.yaml", line=1, column=1)) is None
    assert places_of({})(run("one-way", report=None)) == [None]


@pytest.mark.parametrize("out", ["", "{}", "[]", '{"problems": [{}]}', '{"problems": 3}', "no JSON"])
def test_an_output_without_problems_has_none(out: str) -> None:
    assert problems_of(out) == ()
