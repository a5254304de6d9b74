"""A report has the sources of the configured round trips, unless a person declared them."""

from __future__ import annotations

import dataclasses
import io
from pathlib import Path

from rich.console import Console

from lab import labs
from lab.judge import Report
from lab.report.document import document
from lab.report.files import write
from lab.report.terminal import render

ASKED = "Ireland – Frankfurt: 27.3 ms there, 26.9 ms back; cloudping.co, median over one year, captured 2025-05-29"


def terminal(report: Report) -> str:
    console = Console(file=io.StringIO(), width=100)
    render(report, console)
    return console.file.getvalue()  # type: ignore[attr-defined]


def test_a_measured_round_trip_has_its_source_and_a_declared_one_none(tmp_path: Path) -> None:
    set_ = {"links.ireland-us-east.delay": "20ms"}
    ran = labs.run("hub-and-spokes", runtime="simulation", runs=tmp_path, environment={}, set=set_)
    told = document(ran.report)["round_trips"]
    assert list(told) == ["ireland-germany"]
    assert told["ireland-germany"].startswith(ASKED)
    assert f"round trip of ireland-germany: {ASKED}" in terminal(ran.report)
    write(ran.judged, ran.folder, page=None, junit_file=None)
    page = ran.folder.page.read_text()
    assert f"ireland-germany: {ASKED}" in page
    assert (
        "ireland-us-east: " not in page.partition("Sources of the configured round trips")[2].partition("</details>")[0]
    )


def test_those_of_one_origin_are_told_together(tmp_path: Path) -> None:
    report = labs.run("hub-and-spokes", runtime="simulation", runs=tmp_path, environment={}).report
    both = "round trips of ireland-us-east, ireland-germany: measured: cloudping.co, median over one year"
    assert both in terminal(report)
    far = {
        f"a-{n}": f"A – {n}: about {n} ms, estimated from 9 km; half of such estimates are within 16 %" for n in (1, 2)
    }
    told = terminal(dataclasses.replace(report, round_trips=far))
    assert "round trips of a-1, a-2: estimated from the distance; half of such estimates are within 16 %" in told
