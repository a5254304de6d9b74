"""How long the tests of the last run took, from the JUnit XML in build/tests.

`python -m tests.durations` prints seconds by folder and the ten longest tests; with `--write` it writes the table of
tests/README.md.
"""

from __future__ import annotations

import os
import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from lxml import etree

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "build" / "tests"
README = ROOT / "tests" / "README.md"
TABLE = re.compile(r"(?<=<!-- durations -->\n).*(?=<!-- end of durations -->)", re.DOTALL)
LONGEST, ROWS = 10, 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Test:
    """One test that ran."""

    part: str
    module: str  # tests.judge.test_cases
    name: str
    seconds: float

    @property
    def folder(self) -> str:
        """Return the folder below tests/ that it is in; `tests` for a test of that folder itself."""
        _, *folders = self.module.split(".")
        return folders[0] if len(folders) > 1 else "tests"


def tests(folder: Path = FOLDER) -> tuple[Test, ...]:
    """Return the tests of the files in a folder."""
    return tuple(test for path in sorted(folder.glob("*.xml")) for test in _of(path))


def _of(path: Path) -> Iterator[Test]:
    for case in etree.parse(path).iter("testcase"):
        module = case.get("classname", "")
        yield Test(part=path.stem, module=module, name=case.get("name", ""), seconds=float(case.get("time", "0")))


def by_folder(of: Iterable[Test]) -> list[tuple[str, int, float]]:
    """Return each folder with its number of tests and their seconds, the longest first."""
    numbers, seconds = defaultdict[str, int](int), defaultdict[str, float](float)
    for test in of:
        numbers[test.folder] += 1
        seconds[test.folder] += test.seconds
    return sorted(((name, numbers[name], seconds[name]) for name in numbers), key=lambda row: -row[2])


def summary(of: tuple[Test, ...]) -> str:
    """Return seconds by folder and the longest tests, as lines."""
    rows = [f"{seconds:8.1f} s {number:6} tests  {name}" for name, number, seconds in by_folder(of)]
    longest = sorted(of, key=lambda test: -test.seconds)[:LONGEST]
    tail = [f"{test.seconds:8.1f} s  {test.module}::{test.name}" for test in longest]
    total = f"{sum(test.seconds for test in of):8.1f} s {len(of):6} tests  in sum"
    return "\n".join(["", "Seconds by folder:", *rows, total, "", "The longest tests:", *tail, ""])


def table(of: tuple[Test, ...], day: str, cores: int) -> str:
    """Return the table of tests/README.md: parts, and the folders that take longest."""
    lines = [f"Measured on {day} with {cores} cores.", "", "| | tests | seconds of test time |", "|---|---|---|"]
    for part in dict.fromkeys(test.part for test in of):
        its = [test for test in of if test.part == part]
        lines.append(f"| **{part}** | {len(its):,} | {sum(test.seconds for test in its):,.0f} |")
    lines += [f"| `{name}` | {number:,} | {seconds:,.0f} |" for name, number, seconds in by_folder(of)[:ROWS]]
    return "\n".join([*lines, "", ""])


def main(words: list[str]) -> int:
    """Print the summary, or write the table."""
    if not (found := tests()):
        print("build/tests has no JUnit XML: run make test first", file=sys.stderr)
        return 1
    print(summary(found))
    if words == ["--write"]:
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        text = README.read_text("utf-8")
        README.write_text(TABLE.sub(lambda _: table(found, datetime.now(UTC).date().isoformat(), cores), text), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
