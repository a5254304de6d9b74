"""A report says where the round trips come from that are asked of its links, unless a person declared them."""

from __future__ import annotations

from pathlib import Path

from lab import labs
from lab.report.document import document
from lab.report.files import write

ASKED = "Ireland – Frankfurt: 27.3 ms there, 26.9 ms back; cloudping.co, median over one year, captured 2025-05-29"


def test_a_measured_round_trip_has_its_source_and_a_declared_one_none(tmp_path: Path) -> None:
    set_ = {"links.ireland-us-east.delay": "20ms"}
    ran = labs.run("hub-and-spokes", runtime="simulation", runs=tmp_path, environment={}, set=set_)
    told = document(ran.report)["round_trips"]
    assert list(told) == ["ireland-germany"]
    assert told["ireland-germany"].startswith(ASKED)
    write(ran.judged, ran.folder, page=None, junit_file=None)
    page = ran.folder.page.read_text()
    assert f"ireland-germany: {ASKED}" in page
    assert "ireland-us-east: " not in page.partition("round trips that are asked")[2].partition("</details>")[0]
