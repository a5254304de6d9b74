"""Planted faults: what is changed in a file, which of them a seed chooses, and where another tree has them."""

from __future__ import annotations

from dataclasses import asdict

import pytest

from tests.planted import CAUGHT, GONE, SURVIVED, Ended, Fault, Finder, chosen, compared, located, planted

SOURCE = '''"""One module."""
from typing import Literal

KIND = Literal["a", "b"]


def waits(seconds: float = 2, *, open: bool = True) -> bool:
    """Return 1 < 2."""
    if not open or seconds <= 0:
        raise ValueError(f"{seconds - 1} < 0")
    left = seconds - 1
    return left in (1, 2)
'''


def faults_of(source: str = SOURCE, *, path: str = "lab/judge/waits.py", room: str = "judge") -> list[Fault]:
    return Finder(source.encode(), path=path, room=room).faults


def test_operators_constants_branches_and_lines_of_functions_are_changed() -> None:
    changes = {(fault.line, fault.kind, fault.old, fault.new) for fault in faults_of()}
    assert changes == {
        (9, "branch", "not open or seconds <= 0", "not (not open or seconds <= 0)"),
        (9, "operator", "or", "and"),
        (9, "operator", "<=", "<"),
        (9, "constant", "0", "1"),
        (9, "constant", "0", "-1"),
        (10, "dropped line", 'raise ValueError(f"{seconds - 1} < 0")', "pass"),
        (11, "dropped line", "left = seconds - 1", "pass"),
        (11, "operator", "-", "+"),
        (11, "constant", "1", "2"),
        (11, "constant", "1", "0"),
        (12, "dropped line", "return left in (1, 2)", "pass"),
        (12, "operator", "in", "not in"),
        *((12, "constant", str(old), str(new)) for old in (1, 2) for new in (old + 1, old - 1)),
    }


def test_a_fault_changes_its_place_alone_and_the_text_stays_python() -> None:
    for fault in faults_of():
        lines = SOURCE.splitlines()
        line, end = lines[fault.line - 1], fault.column + len(fault.old)
        lines[fault.line - 1] = line[: fault.column] + fault.new + line[end:]
        assert planted(SOURCE.encode(), fault).decode().splitlines() == lines
    with pytest.raises(ValueError, match="another line"):
        planted(b"\n" * 20, faults_of()[0])


def test_a_seed_chooses_the_same_faults_again_evenly_by_room() -> None:
    candidates = [*faults_of(), *faults_of(path="lab/check/waits.py", room="check"), *faults_of(room="")]
    first = chosen(candidates, seed=1, count=10)
    assert first == chosen(candidates, seed=1, count=10) != chosen(candidates, seed=2, count=10)
    assert sorted(fault.room for fault in first) == ["check"] * 5 + ["judge"] * 5
    assert len(set(map(str, first))) == 10


def test_a_fault_is_located_after_its_lines_moved_and_its_file_too() -> None:
    moved = faults_of("\n\n" + SOURCE, path="lab/judge/other.py")
    for fault in faults_of():
        there = located(fault, moved)
        assert there is not None and (there.line, there.path) == (fault.line + 2, "lab/judge/other.py")
    assert located(faults_of()[0], faults_of(SOURCE.replace("open or", "shut or"))) is None
    twice = [*moved, *faults_of(path="lab/judge/third.py")]
    assert located(faults_of()[0], twice) is None, "two places could be it"


@pytest.mark.parametrize(
    ("code", "log", "result"),
    [
        (0, "", (SURVIVED, "")),
        (5, "", (SURVIVED, "")),
        (1, "tests/a.py::test_b FAILED [ 3%]", (CAUGHT, "tests/a.py::test_b")),
        (2, "ERROR tests/a.py - SyntaxError", (CAUGHT, "tests/a.py")),
        (None, "tests/a.py::test_b ", ("hangs", "tests/a.py::test_b ")),
    ],
)
def test_the_end_of_pytest_says_whether_a_fault_was_caught(code: int | None, log: str, result: tuple[str, str]) -> None:
    assert Ended(code=code, log=log, seconds=100.0, quiet=90.0).result == result


def test_too_many_faults_that_are_no_longer_caught_are_a_failure() -> None:
    def rows(*results: str) -> dict[int, dict[str, object]]:
        row = asdict(faults_of()[0])
        return {number: row | {"result": result, "test": "t"} for number, result in enumerate(results)}

    before = rows(*[CAUGHT] * 20, SURVIVED)
    assert compared(before, rows(*[CAUGHT] * 19, SURVIVED, SURVIVED))[1], "19 of 20 are enough"
    told, enough = compared(before, rows(*[CAUGHT] * 18, SURVIVED, SURVIVED, SURVIVED))
    assert not enough and told.count("no longer caught: ") == 2 and "18 of 20" in told
    assert compared(before, rows(*[CAUGHT] * 18, GONE, GONE, SURVIVED))[1], "what is gone cannot be caught"
