"""What a shell is offered, by its own protocol: scenarios, runs, and the names in the notes of open labs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from lab.check.scenarios import plan_named
from tests.command import MQLAB

RUN, OTHER = "20260821-101500-a1b2c3", "20260822-101500-d4e5f6"
ENDED = "20260820-101500-0a0b0c"


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """Two labs that are open, a run that has ended, and a note that cannot be read."""
    notes = tmp_path / "labs"
    notes.mkdir()
    for run, scenario in ((RUN, "tokyo-singapore"), (OTHER, "hub-and-spokes")):
        (notes / f"{run}.json").write_text(json.dumps({"plan": plan_named(scenario, {}).plan.to_dict()}))
    (notes / "20260101-000000-ffffff.json").write_text("no note")
    (tmp_path / "home" / "runs" / ENDED).mkdir(parents=True)
    (tmp_path / "home" / "runs" / "latest").symlink_to(ENDED)
    return tmp_path


def offered(here: Path, *words: str) -> list[str]:
    environment = {
        **os.environ,
        "MQLAB_STATE": str(here / "labs"),
        "MQLAB_HOME": str(here / "home"),
        "COMP_WORDS": " ".join(("mqlab", *words)),
        "COMP_CWORD": str(len(words)),
        "_MQLAB_COMPLETE": "complete_bash",
    }
    done = subprocess.run([MQLAB], env=environment, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return done.stdout.split()


@pytest.mark.release
@pytest.mark.parametrize("command", ["run", "up", "vary", "check", "plan", "scenarios"])
def test_scenarios_that_ship(here: Path, command: str) -> None:
    assert offered(here, command, "tokyo-") == ["tokyo-singapore", "tokyo-singapore-fails"]
    assert offered(here, command, "./mine") == []  # the shell offers files


def test_runs(here: Path) -> None:
    assert offered(here, "judge", "2026082") == [ENDED, RUN, OTHER]
    assert offered(here, "down", "2026082") == [RUN, OTHER]
    assert offered(here, "logs", "--run", "2026082") == [ENDED, RUN, OTHER]
    assert offered(here, "broker", "list", "--run", "20260822") == [OTHER]


@pytest.mark.release
def test_brokers_links_and_regions_of_the_lab_that_is_meant(here: Path) -> None:
    assert offered(here, "link", "cut", "--run", RUN, "") == ["tokyo-singapore"]
    assert offered(here, "link", "cut", "--run", "a1b2c3", "--leaving", "") == ["singapore", "tokyo"]
    assert offered(here, "broker", "reboot", "--run", RUN, "t") == ["tokyo"]
    assert offered(here, "broker", "kill", "--run", RUN, "s") == ["singapore"]
    assert offered(here, "connector", "stop", "--run", RUN, "tokyo", "") == ["connector_tokyo_to_singapore"]
    assert offered(here, "connector", "stop", "--run", RUN, "singapore", "") == []
    assert offered(here, "logs", "--run", RUN, "") == ["router", "singapore", "tokyo"]
    assert {"tokyo", "singapore"} < set(offered(here, "broker", "describe", ""))


def test_no_engine_is_loaded(here: Path) -> None:
    code = (
        "import sys, lab.cli.run, lab.cli.link, lab.cli.logs; from lab.cli import completion;"
        "assert completion.scenarios('one-way-') == ['one-way-fails']; print('docker' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
