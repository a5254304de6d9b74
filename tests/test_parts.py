"""Every test is in one part of the full set, and the summary and the table tell where the time went."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest

from tests import durations
from tests.parts import LAB_MEMORY, SETS, WORKER_MEMORY, Part, bounded, command

MARKS = ("docker", "netns", "tools", "alone", "release")
XML = """<testsuites><testsuite>
<testcase classname="tests.judge.test_cases" name="test_a" time="1.5"/>
<testcase classname="tests.judge.deeper.test_b" name="test_b" time="2.25"/>
<testcase classname="tests.test_parts" name="test_c" time="0.5"/>
</testsuite></testsuites>"""


def chosen(part: Part, marks: set[str]) -> bool:
    """Return whether a test with these marks is in a part, as pytest's -m has it."""
    return bool(eval(part.marks, {name: name in marks for name in MARKS}))


@pytest.mark.parametrize("has", list(product((False, True), repeat=len(MARKS))))
def test_a_test_is_in_one_part_of_the_full_set_and_of_a_pushs_in_one_at_most(has: tuple[bool, ...]) -> None:
    marks = {mark for mark, is_there in zip(MARKS, has, strict=True) if is_there}
    assert sum(chosen(part, marks) for part in SETS["all"]) == 1
    assert sum(chosen(part, marks) for part in SETS["test"]) == (not marks & {"release", "alone"})
    assert chosen(SETS["fast"][0], marks) == (not marks)


@pytest.mark.parametrize(
    ("memory", "each", "number"), [(1 << 40, WORKER_MEMORY, 6), (9 << 30, LAB_MEMORY, 2), (1 << 20, LAB_MEMORY, 1)]
)
def test_workers_are_bounded_by_memory(memory: int, each: int, number: int) -> None:
    assert bounded(6, memory, each) == number


def test_each_part_leaves_xml_of_its_own_and_passes_words_on() -> None:
    words = command(SETS["test"][0], 1 << 40, ["-k", "judge"])
    assert words[-2:] == ["-k", "judge"] and f"--junitxml={durations.FOLDER / 'without-docker.xml'}" in words


@pytest.fixture
def ran(tmp_path: Path) -> tuple[durations.Test, ...]:
    """The tests of a run of one part."""
    (tmp_path / "fast.xml").write_text(XML, "utf-8")
    return durations.tests(tmp_path)


def test_seconds_are_summed_by_folder(ran: tuple[durations.Test, ...]) -> None:
    assert durations.by_folder(ran) == [("judge", 2, 3.75), ("tests", 1, 0.5)]


def test_the_summary_has_folders_and_the_longest_tests(ran: tuple[durations.Test, ...]) -> None:
    lines = durations.summary(ran).splitlines()
    assert "     3.8 s      2 tests  judge" in lines
    assert lines[lines.index("The longest tests:") + 1] == "     2.2 s  tests.judge.deeper.test_b::test_b"


def test_the_table_is_that_of_a_day(ran: tuple[durations.Test, ...]) -> None:
    rows = durations.table(ran, "2026-01-02", 2).splitlines()
    assert rows[0] == "Measured on 2026-01-02 with 2 cores."
    assert rows[4:] == ["| **fast** | 3 | 4 |", "| `judge` | 2 | 4 |", "| `tests` | 1 | 0 |", ""]


def test_the_page_of_the_tests_has_a_table_of_a_run() -> None:
    text = durations.README.read_text("utf-8")
    assert (found := durations.TABLE.search(text)) and found[0].startswith("Measured on ")
