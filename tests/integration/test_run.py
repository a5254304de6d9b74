"""`mqlab run` of shipped scenarios with real brokers: they pass, a variant fails, and parallel runs do not meet.

Whatever ships is run in models by `tests/simulation/`, failing variants too, and with real brokers by `make scenarios`.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from lab.base.shipped import shipped
from lab.report import document
from tests.command import Commands
from tests.docs.pages import blocks
from tests.failing_variants import failed_for_its_reason
from tests.integration.labs import Engine, left_of

pytestmark = [pytest.mark.docker, pytest.mark.release]

LATE = 500.0  # ms that a packet may be late on a machine that is busy with other things; on an idle one: `make bench`


def report(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "report.json").read_text())
    jsonschema.validate(found, document.schema())
    return found


def reasons(of: Mapping[str, Any], outcome: str) -> str:
    return "\n".join(verdict["reason"] for verdict in of["verdicts"] if verdict["outcome"] == outcome)


def check_the_article(found: Mapping[str, Any]) -> None:
    assert found["outcome"] == "passed", found
    assert {verdict["outcome"] for verdict in found["verdicts"]} == {"passed"}
    counted = {
        each["subscriber"]: [each[key] for key in ("expected", "received", "lost", "duplicated", "unexpected")]
        for each in found["deliveries"]
    }
    assert counted == {"tk": [10, 10, 0, 0, 0], "sg": [10, 10, 0, 0, 0]}
    assert {(each["from"], each["to"]) for each in found["links"]} == {("tokyo", "singapore"), ("singapore", "tokyo")}
    for each in found["links"]:
        assert -0.1 <= each["measured_delay_ms"]["p50"] - each["configured_delay_ms"] < LATE
        assert each["dropped"] == 0 < each["packets"]
    ends = {each["broker"]: each for each in found["bridges"]}
    assert {name: end["created_by_duplex"] for name, end in ends.items()} == {"tokyo": False, "singapore": True}
    assert ends["tokyo"]["remote_address"].endswith(":61617")


def copy_of(name: str, to: Path, change: Callable[[str], str], file: str | None = None) -> Path:
    """Copy the shipped scenarios, change one file of them, and give the path of one scenario."""
    shutil.copytree(shipped("scenarios"), to / "scenarios")
    changed = to / "scenarios" / (file or f"{name}.yaml")
    before = changed.read_text()
    assert change(before) != before
    changed.write_text(change(before))
    return to / "scenarios" / f"{name}.yaml"


def cleaned_up(mqlab: Commands, engine: Engine) -> None:
    assert left_of(engine.client, mqlab.latest.name) == []
    assert list(mqlab.state.glob("*")) == []


def test_the_article_holds_in_two_runs_at_once_and_breaks_beside_them(mqlab: Commands, engine: Engine) -> None:
    other = Commands(folder=mqlab.folder / "spoilt")
    spoilt = other.start("run", "tokyo-singapore-fails")
    started = [mqlab.start("run", "tokyo-singapore", "--seed", seed) for seed in ("1", "2")]
    ended = [mqlab.end_of(each) for each in started]
    assert other.end_of(spoilt).code == 1
    failed_for_its_reason("tokyo-singapore", report(other.latest))
    cleaned_up(other, engine)
    assert [each.code for each in ended] == [0, 0], ended
    runs = [path for path in (mqlab.home / "runs").iterdir() if not path.is_symlink()]
    assert len(runs) == 2
    for run in runs:
        check_the_article(report(run))
        assert left_of(engine.client, run.name) == []
        kept = {str(path.relative_to(run)) for path in run.rglob("*") if path.is_file()}
        assert kept >= {
            "plan.json",
            "history.jsonl",
            "report.json",
            "ca.pem",
            "brokers/tokyo/activemq.xml",
            "brokers/singapore/activemq.xml",
            "logs/tokyo.log",
            "logs/singapore.log",
            "logs/router.log",
        }
        assert any(each.startswith("sources/") for each in kept)
    assert mqlab.latest in runs
    for each in ended:
        assert "passed" in each.out and "10 of 10" in each.out
    assert list(mqlab.state.glob("*")) == []


def test_one_way_holds_by_command_and_in_a_program(mqlab: Commands, engine: Engine, tmp_path: Path) -> None:
    (shown,) = blocks("python", "run")
    programs = Commands(folder=tmp_path / "program")
    programs.folder.mkdir()
    program = programs.program(shown.text)
    ended = mqlab("run", "one-way", "--json")
    out, _ = program.communicate(timeout=240)
    assert ended.code == 0, ended
    assert ended.json["outcome"] == "passed"
    assert ended.json == report(mqlab.latest)
    (bridge,) = ended.json["bridges"]
    assert (bridge["broker"], bridge["created_by_duplex"]) == ("tokyo", False)
    cleaned_up(mqlab, engine)
    assert program.returncode == 0, out
    assert (report(programs.latest)["outcome"], report(programs.latest)["seed"]) == ("passed", 3)
    assert out.count("passed ") == len(ended.json["verdicts"]) and f"{programs.latest}" in out
    assert (programs.latest / "report.html").is_file() and (programs.latest / "report.junit.xml").is_file()
    cleaned_up(programs, engine)


def test_a_hub_joins_its_spokes_as_far_as_its_connectors_let_it(mqlab: Commands, engine: Engine) -> None:
    held = mqlab("run", "hub-and-spokes")
    assert held.code == 0, held
    assert "virginia – frankfurt  no link" in held.out and "20 of 20    10 of 10" in held.out
    page = (mqlab.latest / "report.html").read_text("utf-8")
    assert 'class="network"' in page and "link ireland – us-east, 69.6 ms configured" in page
    cleaned_up(mqlab, engine)


def test_a_cut_that_heals_loses_nothing(mqlab: Commands, engine: Engine) -> None:
    ended = mqlab("run", "cut-and-heal")
    page = (mqlab.latest / "report.html").read_text("utf-8")
    assert "All 60 messages arrived, each once." in page and "link cut" in page and "&lt;kahaDB" in page
    assert 'failures="0" errors="0"' in (mqlab.latest / "report.junit.xml").read_text("utf-8")
    assert ended.code == 0, ended
    (delivery,) = report(mqlab.latest)["deliveries"]
    assert [delivery[key] for key in ("expected", "received", "lost", "duplicated")] == [60, 60, 0, 0]
    assert sum(each["dropped"] for each in report(mqlab.latest)["links"]) > 0, "the cut was a cut"
    cleaned_up(mqlab, engine)
