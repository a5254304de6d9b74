"""What no run can have seen, or was done to a history afterwards, is damage: nothing is held or broken by it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lab.history import Ended, HistoryFile, read
from lab.judge import Report, Streamed, judge, judge_file
from tests.sealed import write

CASE = Path(__file__).parent / "all-passed" / "history.jsonl"
Lines = list[dict[str, Any]]


def judged(path: Path, edit: Callable[[Lines], object]) -> Report:
    lines = [json.loads(each) for each in CASE.read_text().splitlines()]
    edit(lines)
    return judge_file(write(path, "".join(json.dumps(each) + "\n" for each in lines)))


def first(lines: Lines, kind: str) -> int:
    return next(n for n, each in enumerate(lines) if each.get("kind") == kind)


def _received_before_sent(lines: Lines) -> None:
    lines[first(lines, "received")]["t"] = 0.001


def _received_in_the_file_before_it_is_sent(lines: Lines) -> None:
    lines.insert(first(lines, "publishing") + 1, lines.pop(first(lines, "received")))


def _accepted_before_sent(lines: Lines) -> None:
    lines[first(lines, "acked")]["t"] = 0.001


def _sent_twice(lines: Lines) -> None:
    lines.insert(first(lines, "sent") + 1, lines[first(lines, "sent")])


def _published_twice(lines: Lines) -> None:
    lines.insert(first(lines, "publishing") + 1, lines[first(lines, "publishing")])


def _never_sent(lines: Lines) -> None:
    lines.pop(first(lines, "sent"))


def _ended_in_the_middle(lines: Lines) -> None:
    lines.insert(first(lines, "received"), {"t": 0.5, "kind": "ended", "complete": True})


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (_received_before_sent, r"was received at 0\.001 s, before it was sent at \d"),
        (_received_in_the_file_before_it_is_sent, "was received, and no earlier line records that it was sent"),
        (_accepted_before_sent, r"has an outcome at 0\.001 s, before it was sent at \d"),
        (_sent_twice, "is sent a second time"),
        (_published_twice, "announces its messages a second time"),
        (_never_sent, "has an outcome, and no earlier line records that it was sent"),
        (_ended_in_the_middle, "the history goes on after its end"),
    ],
)
def test_what_no_run_can_have_seen_is_damage_with_its_place(
    tmp_path: Path, edit: Callable[[Lines], object], words: str
) -> None:
    report = judged(tmp_path / "history.jsonl", edit)
    assert {verdict.outcome for verdict in report.verdicts} == {report.outcome} == {"unknown"}
    lines = (tmp_path / "history.jsonl").read_text().splitlines()
    for verdict in report.verdicts:
        found = re.search(rf"history\.jsonl:(\d+): .*{words}", verdict.reason)
        assert found and 1 < int(found[1]) <= len(lines), verdict.reason
    assert any("damaged" in note for note in report.notes)
    assert all(each.latency is None or each.latency.p50 >= 0 for each in report.deliveries)


def test_the_whole_history_is_as_it_was(tmp_path: Path) -> None:
    assert judged(tmp_path / "history.jsonl", lambda lines: None).outcome == "passed"


@pytest.mark.parametrize("place", [3, 40, -2])
def test_a_line_taken_out_of_a_sealed_history_makes_every_expectation_unknown(tmp_path: Path, place: int) -> None:
    path, history = tmp_path / "history.jsonl", read(CASE)
    with HistoryFile(path, history.header) as file:
        for seen in history.observations:
            file.record(seen)
    assert judge_file(path).outcome == "passed"
    assert isinstance(read(path).observations[-1], Ended)
    lines = path.read_text().splitlines(keepends=True)
    del lines[place]
    path.write_text("".join(lines))
    whole = judge_file(path)
    assert {verdict.outcome for verdict in whole.verdicts} == {"unknown"} == {whole.outcome}
    assert all("history.jsonl: " in each.reason and "1 line taken out" in each.reason for each in whole.verdicts)
    kept = read(path)
    told = judge((), Streamed(kept.header, kept.observations, kept.damage))
    assert told.outcome == "unknown", "also of a history in memory"


def test_an_end_that_says_more_than_was_written_makes_every_expectation_unknown(tmp_path: Path) -> None:
    path, history = tmp_path / "history.jsonl", read(CASE)
    with HistoryFile(path, history.header) as file:
        for seen in history.observations[:-1]:
            file.record(seen)
        file.record(Ended(t=history.observations[-1].t, complete=False))
    cut = judge_file(path)
    assert cut.outcome == "unknown" and all("cut short" in each.reason for each in cut.verdicts)
    path.write_text(path.read_text().replace('"complete":false', '"complete":true'))
    whole = judge_file(path)
    assert {verdict.outcome for verdict in whole.verdicts} == {"unknown"} == {whole.outcome}
    assert all("it is not as it was written" in each.reason for each in whole.verdicts)


def test_an_interrupted_run_that_wrote_its_end_still_shows_what_was_counted_before(tmp_path: Path) -> None:
    path, history = tmp_path / "history.jsonl", read(CASE.parents[1] / "counters-unknown" / "history.jsonl")
    with HistoryFile(path, history.header) as file:
        for seen in (*history.observations, Ended(t=history.observations[-1].t, complete=False, note="Ctrl-C")):
            file.record(seen)
    *_, stuck = judge_file(path).verdicts
    assert stuck.outcome == "passed", stuck.reason
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))
    *_, stuck = judge_file(path).verdicts
    assert stuck.outcome == "unknown" and "the history has no end" in stuck.reason
