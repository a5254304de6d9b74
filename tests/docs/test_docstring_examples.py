"""The doors that users and heirs pass have an example in their docstring, and each example is true.

They are run in a simulated lab; those of an open lab in one of containers too, and those that reach a lab by its note
in containers alone.
"""

from __future__ import annotations

import doctest
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from lab import labs
from lab.amazonmq.configurations.sanitising import sanitise
from lab.base.shipped import shipped
from lab.check.scenario import check
from lab.check.scenarios import load_named
from lab.declare.loading import load
from lab.declare.scenario import Scenario
from lab.declare.steps.links import Cut
from lab.declare.steps.service import Reboot, UpdateBroker
from lab.history.reading import read
from lab.judge.judging import judge
from lab.living.attach import attach
from lab.living.conversation import Conversation
from lab.living.lab import Live
from lab.network.aws import round_trip
from lab.network.reach import reach
from lab.operating import operate
from lab.plan.control import opening_control
from lab.plan.planning import plan
from lab.replay import replay
from lab.report.choice import Chooser
from lab.report.terminal import render
from lab.runtime.client import Client
from lab.runtime.lab import Lab
from lab.runtime.messages import Destination, Terms
from lab.runtime.progress import Logged
from lab.runtime.runtime import Opening, Runtime
from tests.command import Commands
from tests.integration.labs import Ear, Engine
from tests.operating.plane import NOW, Plane
from tests.runtime.memory import Memory
from tests.spoilt_lab import SpoiltLab
from tests.spoilt_lab import opened as open_lab

SCENARIO = "tokyo-singapore"
OF_AN_OPEN_LAB = (
    Conversation,
    Live.turn,
    Live.do,
    Live.wait,
    Live.connect,
    Live.judge,
    Live.update_configuration,
    Live.update_broker,
    Live.reboot,
    Live.kill,
    Live.create_user,
    Live.cut,
    Live.impair,
    Live.condition,
)
OPENING_ONE = (labs.run, labs.up, Live)
REACHING_ONE = (attach, labs.down)  # by its note, so not one in the memory of this process
OTHERS = (
    load, Scenario, check, plan, Runtime, Lab, Client, replay, operate, judge, render, read, Chooser,
    round_trip, reach, Reboot.decide, sanitise,
)  # fmt: skip


def run(door: Callable[..., Any], **given: object) -> None:
    """Run the examples of a door; what its module knows and what is given has a name there."""
    names = {**vars(sys.modules[door.__module__]), **given}
    test = doctest.DocTestParser().get_doctest(
        "\n".join(each for each in [door.__doc__] if each), names, door.__qualname__, None, None
    )
    assert test.examples, f"{door.__qualname__} has no example"
    said: list[str] = []
    result = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test, out=said.append)
    assert result.failed == 0, "".join(said)


@contextmanager
def opened(folder: Path) -> Iterator[dict[str, object]]:
    """Return names for examples: a simulated lab that is open, and `labs` that opens others like it."""
    here: dict[str, Any] = {"runtime": Memory(), "runs": folder}
    doors = SimpleNamespace(up=partial(labs.up, **here), run=partial(labs.run, **here))
    with labs.up(SCENARIO, **here) as lab:
        yield {"labs": doors, "lab": lab}


@pytest.mark.parametrize("door", [*OPENING_ONE, *OF_AN_OPEN_LAB], ids=lambda door: door.__qualname__)
def test_examples_of_an_open_lab_are_true_in_a_simulation(door: Callable[..., Any], tmp_path: Path) -> None:
    with opened(tmp_path) as names:
        run(door, **names)


@pytest.mark.parametrize("door", OTHERS, ids=lambda door: door.__qualname__)
def test_examples_of_other_doors_are_true(door: Callable[..., Any], tmp_path: Path) -> None:
    ran = labs.run(SCENARIO, runtime=Memory(), runs=tmp_path)
    scenario = load_named(SCENARIO, {})
    planned = plan(scenario.topology, seed=7)
    opening = Opening(
        plan=planned,
        run="run",
        scenario=SCENARIO,
        folder=tmp_path,
        note_folder=tmp_path / "notes",
        passwords=scenario.topology.passwords(),
    )
    lab = open_lab(planned, scenario.topology, SpoiltLab)
    run(
        door,
        Destination=Destination,
        Terms=Terms,
        UpdateBroker=UpdateBroker,
        Cut=Cut,
        opening_control=opening_control,
        load_named=load_named,
        shipped=shipped,
        scenario=scenario,
        planned=planned,
        opening=opening,
        lab=lab,
        plane=Plane(lab, planned, opening_control(planned, NOW)),
        runtime=Memory(),
        told=Logged(),
        events=Ear(),
        now=datetime(2026, 11, 26, tzinfo=UTC),
        path=ran.folder.history,
        history=read(ran.folder.history),
        report=ran.report,
    )


@pytest.mark.release
@pytest.mark.docker
def test_examples_of_an_open_lab_are_true_in_containers(mqlab: Commands, engine: Engine) -> None:
    here: dict[str, Any] = {"environment": mqlab.environment()}
    doors = SimpleNamespace(**{name: partial(getattr(labs, name), **here) for name in ("up", "run", "down", "attach")})
    for door in REACHING_ONE:
        run(door, labs=doors)
    with labs.up(SCENARIO, **here) as lab:
        for door in OF_AN_OPEN_LAB:
            run(door, lab=lab, labs=doors)
