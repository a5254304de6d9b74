"""The pairs of files here: a scenario with applications, and the report and the trace that its simulated run gives.

`python -m tests.simulation.applications.cases` writes the texts anew. Read `git diff` before you believe them.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from lab import labs
from lab.report.timeline import text
from lab.report.traces import find
from tests.judge.cases import shown

HERE = Path(__file__).parent
CASES = sorted(path for path in HERE.glob("*.yaml") if path.stem != "topology")


def told(case: Path, runs: Path) -> str:
    """Return the report of a scenario, and the way of the last message that was sent to orders."""
    ran = labs.run(case, runtime="simulation", runs=runs, environment={})
    way = find(ran.folder.path / "history.jsonl", "last:orders")
    rows = "".join(text(row, only_ascii=False, colour=False) for row in way.rows)
    gaps = "".join(f"{gap}\n" for gap in way.gaps)
    whole = f"{shown(ran.report)}\nmessage {way.message}\n{rows}outcome: {way.outcome}\n{gaps}"
    return whole.replace(ran.report.run, "RUN")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        for case in CASES:
            case.with_suffix(".txt").write_text(told(case, Path(folder)), "utf-8")
