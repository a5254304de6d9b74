"""A detached lab's history: written by commands, programs and its monitor at once, judged while the lab stands."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from lab import labs
from lab.base.shipped import shipped
from lab.history import (
    Acknowledged,
    BridgeSeen,
    BrokerChanged,
    Ended,
    LinkChanged,
    LogLine,
    Marked,
    Observation,
    Received,
    Sent,
    StepEnded,
    StepStarted,
    Trouble,
    Unwatched,
    Watched,
    read,
)
from lab.living import monitor_process
from lab.runtime import state_file as state_files
from lab.runtime.state_file import StateFile
from tests.command import Commands
from tests.integration.labs import Engine, eventually, left_of

pytestmark = [pytest.mark.docker, pytest.mark.release]

MESSAGES = 100
CROSSING = """
from lab import labs
with labs.attach() as lab:
    sg, tokyo = lab.connect("singapore", name="sg"), lab.connect("tokyo", over="stomp")
    sg.subscribe(topic="prices.eur")
    lab.wait(lambda: lab.demand("tokyo", topic="prices.eur"), within=60)
    lab.mark("before")
    for n in range(10):
        tokyo.publish(f"{n}", topic="prices.eur")
        sg.receive(within=30)
    lab.lab.clock.sleep(3)
    lab.mark("after")
    judged = lab.judge("expectations.yaml", since="before", until="after")
    print(*(f"{each.outcome} {each.reason}" for each in judged.verdicts))
"""
SENDING = f"""
import sys
from lab import labs
with labs.attach() as lab, lab.connect("tokyo", over="stomp", name=sys.argv[1]) as client:
    client.subscribe(queue=sys.argv[1])
    for n in range({MESSAGES}):
        client.publish(str(n), queue=sys.argv[1])
        client.receive()
"""
TELLING = """
import sys
from dataclasses import replace
from lab import clients, labs
from lab.errors import BrokerError
from lab.runtime.messages import ORDINARY
from tests.integration.labs import Ear
with labs.attach() as lab:
    teller = replace(lab.endpoint("tokyo", "stomp"), user=sys.argv[1])
    try:
        clients.connect("stomp", teller, Ear(), ORDINARY)
    except BrokerError:
        sys.exit(0)
sys.exit(1)
"""
EXPECTED = """
scenario: expectations
topology: {topology}
steps:
  - subscribe: {{client: sg, broker: singapore, over: mqtt, topic: prices.eur}}
  - publish: {{broker: tokyo, over: stomp, topic: prices.eur}}
expect:
  - delivered: {{to: sg, promise: {promise}, within: 2s}}
  - bridge: {{connector: connector_tokyo_to_singapore, up: both-ends}}
"""


@pytest.fixture(scope="module")
def mqlab(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Commands]:
    mqlab = Commands(folder=tmp_path_factory.mktemp("standing-history"))
    ended = mqlab("up", "tokyo-singapore", "--detach")
    assert ended.code == 0, ended
    topology = shipped("scenarios") / "topologies" / "tokyo-singapore.yaml"
    for name, promise in (("expectations", "exactly-once"), ("silence", "nothing")):
        (mqlab.folder / f"{name}.yaml").write_text(EXPECTED.format(topology=topology, promise=promise))
    yield mqlab
    mqlab("down", mqlab.latest.name)
    assert left_of(engine.client, mqlab.latest.name) == []


def note_of(mqlab: Commands) -> StateFile:
    (note,) = state_files.load_all(mqlab.state)
    return note


def seen(mqlab: Commands) -> tuple[Observation, ...]:
    return read(mqlab.latest / "history.jsonl").observations


def monitor_of(mqlab: Commands) -> psutil.Process:
    run = mqlab.latest.name
    (found,) = [each for each in psutil.process_iter(["cmdline"]) if (each.info["cmdline"] or [""])[-1] == run]
    return found


def test_it_is_kept_from_the_beginning_by_one_small_process(mqlab: Commands) -> None:
    kinds = {type(each) for each in seen(mqlab)}
    assert {Watched, BridgeSeen} <= kinds
    assert monitor_process.is_kept(note_of(mqlab))
    assert monitor_of(mqlab).memory_info().rss < 150 * 2**20
    history = read(mqlab.latest / "history.jsonl")
    assert history.header.standing and history.header.declared["steps"] == [] and not history.complete
    assert eventually(lambda: any(isinstance(each, LogLine) for each in seen(mqlab)), 20)


def test_verbs_come_by_command_and_by_python_at_once(mqlab: Commands) -> None:
    program = mqlab.program("from lab import labs\nwith labs.attach() as lab: lab.impair(delay='20ms')\n")
    command = mqlab.start("link", "impair", "--delay", "30ms")
    assert program.wait(60) == 0 and mqlab.end_of(command).code == 0
    steps = [each for each in seen(mqlab) if isinstance(each, StepStarted)]
    assert sorted((each.verb, each.by) for each in steps) == [("impair", "command"), ("impair", "python")]
    assert [each.step for each in steps] == [1, 2]
    assert [each.ok for each in seen(mqlab) if isinstance(each, StepEnded)] == [True, True]
    assert len([each for each in seen(mqlab) if isinstance(each, LinkChanged)]) == 4


def test_what_crosses_between_two_marks_is_judged_by_itself(mqlab: Commands) -> None:
    program = mqlab.program(CROSSING)
    said, _ = program.communicate(timeout=180)
    assert program.returncode == 0, said
    assert said.count("passed ") == 2 and "10 of 10 reached sg, each once" in said, said
    between = ("--from", "before", "--to", "after")
    again = mqlab("judge", mqlab.latest.name, "--scenario", "expectations.yaml", *between, "--json")
    assert again.code == 0 and [each["outcome"] for each in again.json["verdicts"]] == ["passed", "passed"]
    silent = mqlab("judge", mqlab.latest.name, "--scenario", "silence.yaml", *between, "--json")
    assert [each["outcome"] for each in silent.json["verdicts"]] == ["failed", "passed"]
    now = mqlab("judge", mqlab.latest.name, "--scenario", "expectations.yaml", "--json")
    assert "as of now (" in now.json["verdicts"][1]["reason"]


def test_two_programs_at_once_lose_no_line(mqlab: Commands) -> None:
    before = {kind: sum(isinstance(each, kind) for each in seen(mqlab)) for kind in (Sent, Acknowledged, Received)}
    programs = [mqlab.program(SENDING, name) for name in ("a", "b")]
    for each in programs:
        said, _ = each.communicate(timeout=180)
        assert each.returncode == 0, said
    for kind, earlier in before.items():
        here = [each for each in seen(mqlab) if isinstance(each, kind)]
        assert len(here) == earlier + 2 * MESSAGES
    sent = [each.id for each in seen(mqlab) if isinstance(each, Sent)]
    assert len(set(sent)) == len(sent)


def test_a_monitor_that_was_killed_is_replaced_and_the_gap_is_told(mqlab: Commands) -> None:
    monitor = monitor_of(mqlab)
    last = [each.t for each in seen(mqlab) if isinstance(each, Watched)][-1]
    monitor.send_signal(signal.SIGKILL)
    assert eventually(lambda: not monitor_process.is_kept(note_of(mqlab)), 20)
    assert mqlab("mark", "nobody watches").code == 0
    assert eventually(lambda: any(isinstance(each, Unwatched) for each in seen(mqlab)), 20)
    (gap,) = [each for each in seen(mqlab) if isinstance(each, Unwatched)]
    (mark,) = [each for each in seen(mqlab) if isinstance(each, Marked) and each.text == "nobody watches"]
    assert last <= gap.since <= mark.t <= gap.t
    assert monitor_of(mqlab).pid != monitor.pid
    lines = [(each.broker, each.text, round(each.t, 1)) for each in seen(mqlab) if isinstance(each, LogLine)]
    assert len(set(lines)) == len(lines), "no line of a log is told twice"


def test_no_password_of_a_user_made_by_command_is_in_it(mqlab: Commands) -> None:
    made = mqlab("user", "create", "tokyo", "audit", "--password-env", "PW", PW="over-the-ocean-1858")
    assert made.code == 0, made
    assert "audit" in (mqlab.latest / "history.jsonl").read_text()
    teller = mqlab.program(TELLING, "over-the-ocean-1858")
    said, _ = teller.communicate(timeout=180)
    assert teller.returncode == 0, said
    assert eventually(lambda: any("[********]" in each.text for each in seen(mqlab) if isinstance(each, LogLine)), 30)
    assert not any("over-the-ocean" in each.read_text() for each in mqlab.latest.rglob("*.jsonl"))


def test_a_broker_that_a_command_kills_is_known_so_to_a_program_and_no_fault_to_the_monitor(mqlab: Commands) -> None:
    killed = mqlab("broker", "kill", "singapore", "--json")
    assert killed.code == 0 and [each["state"] for each in killed.json] == ["killed"]
    again = mqlab("broker", "kill", "singapore")
    assert again.code == 2 and "singapore is down already" in again.err
    with labs.attach(environment=mqlab.environment()) as lab:
        assert not lab.serves("singapore")
        lab.start("singapore")
        assert lab.serves("singapore")
    assert mqlab("wait", "bridge").code == 0
    told = [each.state for each in seen(mqlab) if isinstance(each, BrokerChanged)]
    assert told == ["killed", "starting", "started"]
    assert not [each for each in seen(mqlab) if isinstance(each, Trouble) and each.who == "broker singapore"]


def test_nothing_is_left_of_it(mqlab: Commands) -> None:
    monitor, note = monitor_of(mqlab), note_of(mqlab)
    following = mqlab.start("history", mqlab.latest.name, "--follow", "--kind", "ended", "--json")
    assert mqlab("down").code == 0
    assert json.loads(mqlab.end_of(following, 30).out)["kind"] == "ended"
    monitor.wait(10)
    assert not monitor_process.is_kept(note)
    assert not (Path(note.folder) / "history.lock").exists() and list(mqlab.state.iterdir()) == []
    assert isinstance(seen(mqlab)[-1], Ended) and read(mqlab.latest / "history.jsonl").complete
