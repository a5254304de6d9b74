"""The article, step by step, on real brokers: whole, and with a step left out, two runs at once.

Every step is left out in `tests/simulation/test_twins.py`, in models; here are those of which only packets, brokers
and their logs can tell.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.command import Commands
from tests.integration.labs import Engine, left_of
from tests.integration.test_run import report
from tests.replay.leaving_out import LEFT_OUT, NAME
from tests.twins import broken_for_its_reason

pytestmark = pytest.mark.docker

BY_NAME = {each.name: each for each in LEFT_OUT}


def run_at_once(mqlab: Commands, engine: Engine, folder: Path, *names: str) -> None:
    """Run at once the scenario without each of these steps, or a shipped file of such a name, and see what breaks."""
    started = []
    for number, name in enumerate(names):
        own = Commands(folder=mqlab.folder / f"run-{number}")
        shipped = name in (NAME, f"{NAME}-broken")
        scenario = name if shipped else BY_NAME[name].written(folder / f"files-{number}")
        started.append((name, own, own.start("run", scenario)))
    ended = [(name, own, own.end_of(process, 400)) for name, own, process in started]
    for name, own, end in ended:
        found = report(own.latest)
        if name == NAME:
            assert end.code == 0, end
        elif name == f"{NAME}-broken":
            assert end.code == 1, end
            broken_for_its_reason(NAME, found)
        else:
            assert end.code == 1, end
            assert BY_NAME[name].misses(found["verdicts"]) == [], (name, found["verdicts"])
        assert left_of(engine.client, own.latest.name) == []


def test_the_whole_article_holds_and_a_closed_group_breaks_it(mqlab: Commands, engine: Engine, tmp_path: Path) -> None:
    run_at_once(mqlab, engine, tmp_path, NAME, f"{NAME}-broken")


def test_what_was_not_accepted_and_what_was_not_applied(mqlab: Commands, engine: Engine, tmp_path: Path) -> None:
    run_at_once(mqlab, engine, tmp_path, "accept-peering", "apply immediately")


def test_a_user_that_one_of_the_brokers_does_not_know(mqlab: Commands, engine: Engine, tmp_path: Path) -> None:
    run_at_once(mqlab, engine, tmp_path, "tokyo's user", "singapore's user")
