"""Several scenarios by one `mqlab run`: their files, the order, the exit code, and what Ctrl-C leaves."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from xml.etree.ElementTree import parse

import pytest

from lab.cli.run_many import ITSELF, run_all, unique_names
from lab.report.summary import RunOf
from tests.command import Commands


@pytest.fixture
def commands(tmp_path: Path) -> Commands:
    return Commands(folder=tmp_path / "here")


def test_several_scenarios_are_run_and_told(commands: Commands, tmp_path: Path) -> None:
    reports, junit = tmp_path / "out" / "reports", tmp_path / "out" / "all.xml"
    words = ["tokyo-singapore", "one-way", "no-such-scenario", "--runtime", "simulation", "--jobs", "2"]
    done = commands("run", *words, "--reports", str(reports), "--junit", str(junit), "--json")
    assert [(each["scenario"], each["outcome"], each["exit_code"]) for each in done.json] == [
        ("tokyo-singapore", "held", 0),
        ("one-way", "held", 0),
        ("no-such-scenario", "failed", 2),
    ]
    assert done.code == 2
    assert {path.name for path in reports.iterdir()} == {
        *(f"{name}.{kind}" for name in ("tokyo-singapore", "one-way") for kind in ("html", "junit.xml")),
        "summary.md",
    }
    assert "2 held, 1 failed" in (reports / "summary.md").read_text("utf-8")
    assert len(parse(junit).getroot()) == 3
    assert "no scenario named" in done.json[2]["error"]


def test_names_of_files_are_told_apart() -> None:
    assert list(unique_names(["a/x.yaml", "b/x.yaml", "x", "x-2"])) == ["x", "x-2", "x-3", "x-2-2"]


def test_what_ended_before_an_interruption_is_kept(tmp_path: Path) -> None:
    """A run that lasts is interrupted as its lab would be; one that waits for its turn is not begun."""
    program = (
        "import signal, sys, json, pathlib\n"
        "name, junit = sys.argv[-1], pathlib.Path(sys.argv[sys.argv.index('--junit') + 1])\n"
        "if name == 'quick':\n"
        "    junit.write_text('<testsuites><testsuite/></testsuites>')\n"
        "    print(json.dumps({'outcome': 'held', 'run': 'r', 'verdicts': []}))\n"
        "    sys.exit(0)\n"
        "signal.pause()\n"
    )
    ended: list[str] = []

    def interrupt(one: RunOf) -> None:
        ended.append(one.scenario)
        raise KeyboardInterrupt

    found, whole = run_all(
        ["quick", "long", "never"],
        [],
        jobs=2,
        folder=tmp_path,
        ended=interrupt,
        command=(sys.executable, "-c", program),
    )
    assert (ended, [one.scenario for one in found], whole) == (["quick"], ["quick"], False)


def test_itself_is_this_command() -> None:
    told = subprocess.run([*ITSELF, "--version"], capture_output=True, text=True, check=True)
    assert told.stdout.strip()


@pytest.mark.parametrize(
    ("words", "what"),
    [(["--html", "x.html"], "--reports DIR"), (["--jobs", "2", "--port-base", "20000"], "--port-base")],
)
def test_what_is_for_one_scenario_is_refused(commands: Commands, words: list[str], what: str) -> None:
    done = commands("run", "one-way", "tokyo-singapore", *words)
    assert done.code == 2
    assert what in done.err
