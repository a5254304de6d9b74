"""Lines of another run between its own, and clocks that jump: refused or damage, never a verdict."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from lab.errors import InputError
from lab.history import Ended, HistoryFile, Received, StepStarted, read
from lab.judge import Report, judge_file
from lab.judge.values import Outcome
from tests.sealed import write

CASE = Path(__file__).parent / "all-passed" / "history.jsonl"
Lines = list[dict[str, Any]]


def lines() -> Lines:
    """Return the lines of a good history."""
    return [json.loads(each) for each in CASE.read_text().splitlines()]


def judged(folder: Path, its: Sequence[dict[str, Any]]) -> Report:
    return judge_file(write(folder / "history.jsonl", "".join(json.dumps(each) + "\n" for each in its)))


def later(its: Lines, by: float) -> Lines:
    return [{**each, "t": each["t"] + by} for each in its]


def refusal(folder: Path, its: Sequence[dict[str, Any]]) -> str:
    """Return why a history is refused, or why nothing is held or broken by it; "" if it is judged."""
    try:
        report = judged(folder, its)
    except InputError as error:
        return str(error)
    assert {each.outcome for each in report.verdicts} == {Outcome.UNKNOWN} == {report.outcome}
    return next((note for note in report.notes if "damaged" in note), "")


@pytest.mark.parametrize("place", [2, 20, 40, 60])
@pytest.mark.parametrize("by", [0.0, 0.3, 5.0])
def test_a_history_with_all_lines_of_another_run_is_not_judged(tmp_path: Path, place: int, by: float) -> None:
    own = lines()
    assert refusal(tmp_path, [*own[:place], *later(own[1:-1], by), *own[place:]])


@pytest.mark.parametrize("case", ["answers-under-way", "bridge-comes-and-goes", "broker-killed-and-back"])
def test_an_unsealed_history_in_which_a_step_is_done_twice_is_refused_at_its_line(tmp_path: Path, case: str) -> None:
    own = [json.loads(each) for each in (CASE.parents[1] / case / "history.jsonl").read_text().splitlines()]
    again = next(n for n, each in enumerate(own) if each.get("kind") == "step")
    place = again + 1
    with pytest.raises(InputError, match="a second time: are lines of another run between its own") as caught:
        judged(tmp_path, [*own[:place], *own[again:place], *own[place:-1]])
    (problem,) = caught.value.problems
    assert problem.place is not None and problem.place.line == place + 1
    assert problem.remedy == "judge each run's history as it was written"


def test_arrivals_of_a_later_run_are_told_by_the_moments_that_go_back(tmp_path: Path) -> None:
    own = lines()
    arrivals = [each for each in own if each.get("kind") == "received"]
    place = own.index(arrivals[0])
    with pytest.raises(InputError, match=r"its moments go back, from \d+\.\d+ s to \d"):
        judged(tmp_path, [*own[:place], *later(arrivals, 8.0), *own[place:-1]])


def test_a_sealed_history_whose_clock_went_back_is_damaged(tmp_path: Path) -> None:
    path, history = tmp_path / "history.jsonl", read(CASE)
    place = next(n for n, each in enumerate(history.observations) if isinstance(each, Received))
    end = history.observations[-1]
    with HistoryFile(path, history.header) as file:
        for number, seen in enumerate(history.observations):
            file.record(seen.with_fields(t=seen.t + 9) if number == place or seen is end else seen)
    assert isinstance(end, Ended)
    report = judge_file(path)
    assert {each.outcome for each in report.verdicts} == {Outcome.UNKNOWN} == {report.outcome}
    assert all("as if lines of another run were between its own" in each.reason for each in report.verdicts)


@pytest.mark.parametrize("by", [-60.0, -5.0, 5.0, 60.0])
def test_a_line_whose_moment_jumps_gives_no_false_verdict(tmp_path: Path, by: float) -> None:
    own = lines()
    right = [each.outcome for each in judged(tmp_path, own).verdicts]
    for place, line in enumerate(own[1:-1], 1):
        changed = [*own[:place], {**line, "t": line["t"] + by}, *own[place + 1 :]]
        found = [each.outcome for each in judged(tmp_path, changed).verdicts]
        for outcome, its in zip(found, right, strict=True):
            assert outcome in (Outcome.UNKNOWN, its), f"line {place + 1}: {line}"


@pytest.mark.parametrize("by", [-60.0, -5.0])
def test_a_clock_that_goes_back_for_good_gives_no_false_verdict(tmp_path: Path, by: float) -> None:
    own = lines()
    for place in range(2, len(own)):
        try:
            report = judged(tmp_path, [*own[:place], *later(own[place:], by)])
        except InputError:
            continue
        assert Outcome.FAILED not in {each.outcome for each in report.verdicts}, f"from line {place + 1} on"


def test_steps_of_one_number_are_of_one_run_where_a_lab_stands(tmp_path: Path) -> None:
    path = Path(__file__).parent / "standing" / "history.jsonl"
    own = [json.loads(each) for each in path.read_text().splitlines()]
    step = next(each for each in own if each.get("kind") == StepStarted(t=0, step=1, verb="", asked="").kind)
    place = own.index(step)
    judged(tmp_path, [*own[: place + 1], step, *own[place + 1 :]])  # several write to it, and are not refused
