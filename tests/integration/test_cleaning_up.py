"""However a run ends, nothing of it is left: interrupted, terminated, failed; after SIGKILL a sweep does it."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lab.base.shipped import shipped
from lab.emulation.lab import EmulatedLab
from lab.errors import HostError
from lab.history import MemoryRecorder, Received, read
from lab.replay import replay
from lab.runtime.client import Client, ClientEvents
from lab.runtime.messages import Incoming
from tests.command import Commands
from tests.integration.labs import (
    ARTICLE,
    Engine,
    Quiet,
    eventually,
    host_of,
    left_of,
    no_other_sweep,
    opening_of,
    scenario_at,
)

pytestmark = pytest.mark.docker


def nothing_left(mqlab: Commands, engine: Engine) -> None:
    assert left_of(engine.client, mqlab.latest.name) == []
    assert list(mqlab.state.glob("*")) == []


def interrupt(mqlab: Commands, process: subprocess.Popen[str], number: int, words: Sequence[str]) -> str:
    """Send a signal, wait for the end, and give what was said; the exit code is looked at by the caller."""
    process.send_signal(number)
    process.communicate(timeout=120)
    said = mqlab.said(*words)
    assert "Traceback" not in said, said
    return said


@pytest.mark.release
@pytest.mark.parametrize(
    ("number", "code", "after"),
    [
        (signal.SIGINT, 130, ""),  # the first network is there, and the engine is making the next
        (signal.SIGINT, 130, "start-router router"),  # everything is being started
        (signal.SIGTERM, 143, "start-broker singapore"),
        (signal.SIGHUP, 129, "start-broker singapore"),
    ],
    ids=["int-networks", "int-starting", "term", "hup"],
)
def test_a_signal_during_the_opening(mqlab: Commands, engine: Engine, number: int, code: int, after: str) -> None:
    words = ("run", "tokyo-singapore")
    process = mqlab.start(*words)
    if after:
        mqlab.wait_said(process, after)
    else:
        runs = mqlab.home / "runs" / "latest"
        assert eventually(lambda: runs.exists() and bool(left_of(engine.client, mqlab.latest.name)), 90)
    interrupt(mqlab, process, number, words)
    assert process.returncode == code
    nothing_left(mqlab, engine)


@pytest.mark.sampled(1)
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["int", "term"])
def test_a_signal_during_the_replay(mqlab: Commands, engine: Engine, tmp_path: Path, number: int, code: int) -> None:
    shutil.copytree(shipped("scenarios"), tmp_path / "scenarios")
    scenario = tmp_path / "scenarios" / "cut-and-heal.yaml"
    scenario.write_text(scenario.read_text().replace("wait:      5s", "wait:      10m"))
    words = ("run", str(scenario))
    process = mqlab.start(*words)

    def waiting() -> bool:
        history = mqlab.latest / "history.jsonl"
        return history.exists() and '"verb":"wait"' in history.read_text().replace(" ", "")

    assert eventually(waiting, 180), mqlab.said(*words)
    assert len(left_of(engine.client, mqlab.latest.name)) == 6
    interrupt(mqlab, process, number, words)
    assert process.returncode == code
    nothing_left(mqlab, engine)
    history = (mqlab.latest / "history.jsonl").read_text().splitlines()
    assert '"complete":false' in history[-1].replace(" ", ""), "the history says that it was cut short"
    judged = mqlab("judge", mqlab.latest, "--json")
    assert (judged.code, judged.json["outcome"]) == (1, "unknown")


@pytest.mark.release
def test_a_lab_in_the_foreground_ends_with_ctrl_c(mqlab: Commands, engine: Engine) -> None:
    words = ("up", "tokyo-singapore")
    process = mqlab.start(*words)
    mqlab.wait_said(process, "Ctrl-C ends it")
    assert len(left_of(engine.client, mqlab.latest.name)) == 6
    assert "opened by a running process" in mqlab("status").out
    interrupt(mqlab, process, signal.SIGINT, words)
    assert process.returncode == 0
    nothing_left(mqlab, engine)


@pytest.mark.release
def test_a_lab_that_a_program_leaves_open_is_removed_as_it_ends(mqlab: Commands, engine: Engine) -> None:
    """The notebook's form, without the `close`."""
    mqlab.folder.mkdir(parents=True, exist_ok=True)
    program = mqlab.program(
        "from contextlib import ExitStack\n"
        "from lab import labs\n"
        "stack = ExitStack()\n"
        "print(stack.enter_context(labs.up('one-way', runtime='emulation')).run)\n"
    )
    out, _ = program.communicate(timeout=240)
    run, *told = out.splitlines()
    assert (program.returncode, run) == (0, mqlab.latest.name), out
    assert told[-1].startswith(f"lab {run} is still open as the program ends, and is removed now"), out
    assert f"mqlab sweep {run}" in told[-1] and "Traceback" not in out
    nothing_left(mqlab, engine)


@pytest.mark.sampled(1)
@pytest.mark.parametrize(
    ("words", "after"),
    [
        (("run", "tokyo-singapore"), "start-broker singapore"),
        (("up", "tokyo-singapore", "--detach"), "start-broker tokyo"),  # it was to stay, and does not stand yet
    ],
    ids=["opening", "detaching"],
)
def test_what_a_killed_run_leaves_a_sweep_removes(
    mqlab: Commands, engine: Engine, words: tuple[str, ...], after: str
) -> None:
    process = mqlab.start(*words)
    mqlab.wait_said(process, after)
    with no_other_sweep():
        process.kill()
        process.communicate(timeout=60)
        run = mqlab.latest.name
        assert left_of(engine.client, run)
        swept = mqlab("sweep", "--json")
    assert swept.code == 0, swept
    assert run in {each["run"] for each in swept.json}
    nothing_left(mqlab, engine)


@pytest.mark.release
def test_a_run_killed_in_mid_traffic_is_judged_as_far_as_it_was_written(
    mqlab: Commands, engine: Engine, tmp_path: Path
) -> None:
    shutil.copytree(shipped("scenarios"), tmp_path / "scenarios")
    scenario = tmp_path / "scenarios" / "tokyo-singapore.yaml"
    quick = re.sub(r"count: 10\b", "count: 100000, every: 2ms", scenario.read_text())
    scenario.write_text(quick)
    process = mqlab.start("run", str(scenario))
    history = mqlab.home / "runs" / "latest" / "history.jsonl"
    try:
        assert eventually(lambda: history.exists() and history.read_bytes().count(b'"kind":"received"') > 200, 180)
    finally:
        process.kill()
        process.communicate(timeout=60)
    kept = read(history)
    assert not kept.complete
    judged = mqlab("judge", "--json")
    assert (judged.code, judged.json["outcome"], judged.err) == (1, "unknown", "")
    delivery = judged.json["deliveries"][0]
    received = {seen.id for seen in kept.observations if isinstance(seen, Received)}
    assert delivery["received"] + delivery["recovered"] == len(received) > 200
    assert "cut short" in str(judged.json["notes"]) + str(judged.json["verdicts"])
    assert mqlab("judge", "--json").out == judged.out, "the same history gives the same report"
    shown = mqlab("history")
    assert "the run was killed" in shown.err or "cut short" in shown.err
    with no_other_sweep():
        assert mqlab("sweep").code == 0
    nothing_left(mqlab, engine)


@pytest.mark.release
def test_a_broker_that_stops_while_starting(mqlab: Commands, engine: Engine, tmp_path: Path) -> None:
    """A configuration that is well written and that ActiveMQ does not take: its last words are shown."""
    shutil.copytree(shipped("scenarios"), tmp_path / "scenarios")
    configuration = tmp_path / "scenarios" / "configurations" / "tokyo.xml"
    configuration.write_text(configuration.read_text().replace("duplex=", 'networkTTL="99999999999" duplex='))
    ended = mqlab("run", tmp_path / "scenarios" / "tokyo-singapore.yaml")
    assert ended.code == 3, ended
    assert "broker tokyo stopped while starting; its last lines:" in ended.err
    assert "99999999999" in ended.err, "the broker says what it did not take"
    assert "Traceback" not in ended.err
    nothing_left(mqlab, engine)
    assert "99999999999" in (mqlab.latest / "logs" / "tokyo.log").read_text()


@pytest.mark.release
@pytest.mark.parametrize("missing", ["router", "broker"])
def test_an_opening_that_fails_half_way(engine: Engine, tmp_path: Path, missing: str) -> None:
    scenario, plan = scenario_at(ARTICLE)
    absent = {missing: "127.0.0.1:1/mqlab/absent:none"}  # a registry that nobody runs
    images: dict[str, Any] = {version: replace(each, **absent) for version, each in engine.images.items()}
    opening = opening_of(scenario, plan, tmp_path)
    with (
        pytest.raises(HostError, match=r"absent|did not start"),
        host_of(engine, images).open(opening, Quiet()),
    ):
        pytest.fail("it opened without an image")
    assert left_of(engine.client, opening.run) == []
    assert list(opening.note_folder.glob("*")) == []


class Faulty:
    """The events of a client with a bug: what it receives, it cannot digest."""

    def __init__(self, events: ClientEvents) -> None:
        self._events = events
        self.acknowledged = events.acknowledged
        self.lost = events.lost
        self.broke = events.broke

    def received(self, message: Incoming) -> None:
        raise ZeroDivisionError(f"{len(message.body)} bytes divided by nothing")


class FaultyLab:
    """A lab whose clients have a bug."""

    def __init__(self, lab: EmulatedLab) -> None:
        self._lab = lab

    def __getattr__(self, name: str) -> Any:
        return getattr(self._lab, name)

    def connect(self, *, events: ClientEvents, **more: Any) -> Client:
        return self._lab.connect(events=Faulty(events), **more)


@pytest.mark.release
def test_an_exception_in_a_client_ends_the_run_and_the_lab(engine: Engine, tmp_path: Path) -> None:
    scenario, plan = scenario_at(ARTICLE)
    opening = opening_of(scenario, plan, tmp_path)
    recorder = MemoryRecorder()
    lab_of = host_of(engine).open(opening, Quiet())
    with pytest.raises(ZeroDivisionError, match="divided by nothing"), lab_of as lab:
        assert len(left_of(engine.client, opening.run)) == 6
        replay(scenario, plan, FaultyLab(lab), recorder, run=opening.run)
    assert left_of(engine.client, opening.run) == []
    assert list(opening.note_folder.glob("*")) == []
    assert "ZeroDivisionError" in str(recorder.observations[-1])
