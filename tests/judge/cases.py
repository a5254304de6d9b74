"""The pairs of files: each folder here holds a history written by hand and the report it gives, as text.

Some folders have the report in JSON too: each field of the format is in one of them, filled and empty.

`python -m tests.judge.cases` gives each history its checksum, but for the EDITED, and writes the reports anew. Read
`git diff` before you believe them.
"""

from __future__ import annotations

from io import StringIO
from pathlib import Path

from rich.console import Console

from lab.judge import Report, judge_file
from lab.report.document import to_json
from lab.report.terminal import render
from tests.sealed import write

HERE = Path(__file__).parent
IN_JSON = sorted(path.parent for path in HERE.glob("*/report.json"))
EDITED = ("checksum-removed",)  # by a person, who removed the checksum
CASES = sorted(path.parent for path in HERE.glob("*/history.jsonl"))


def judged(case: Path) -> Report:
    return judge_file(case / "history.jsonl")


def shown(report: Report, width: int = 80) -> str:
    console = Console(file=StringIO(), width=width, color_system=None)
    render(report, console, folder=".mqlab/runs/latest")
    assert isinstance(console.file, StringIO)
    return "".join(f"{line.rstrip()}\n" for line in console.file.getvalue().splitlines())


if __name__ == "__main__":
    for case in CASES:
        if case.name not in EDITED:
            write(case / "history.jsonl", (case / "history.jsonl").read_text("utf-8"))
        report = judged(case)
        if case in IN_JSON:
            (case / "report.json").write_text(to_json(report), encoding="utf-8")
        (case / "report.txt").write_text(shown(report), encoding="utf-8")
