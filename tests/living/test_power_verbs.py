"""Brokers of an open lab are killed, stopped, paused and brought back, and their connectors stopped, by its verbs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lab import labs
from lab.amazonmq.account.brokers import creation_failed
from lab.base.shipped import shipped
from lab.declare.steps.base import State
from lab.errors import BrokerError, InputError, LabTimeout
from lab.history import (
    BrokerChanged,
    ConnectorChanged,
    Observation,
    StepEnded,
    StepStarted,
    read,
)
from lab.living.lab import Live
from lab.runtime.progress import Logged
from tests.living.live_lab import Killed, LiveLab

CONNECTOR = "connector_tokyo_to_singapore"
RECOVERED = """
scenario: prices come again
topology: topologies/tokyo-singapore.yaml
steps:
  - subscribe: {client: sg, broker: singapore, over: mqtt, topic: prices}
  - ASKED
  - publish: {broker: tokyo, over: mqtt, topic: prices}
expect:
  - recovered: {to: sg, topic: prices, after: AFTER, within: 60s}
"""


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Live]:
    with labs.up("tokyo-singapore", runtime="simulation", runs=tmp_path, environment={}) as opened:
        yield opened


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Live]:
    with labs.up("failover", runtime="simulation", runs=tmp_path, environment={}) as opened:
        yield opened


def seen(lab: Live) -> list[Observation]:
    return list(read(lab.folder / "history.jsonl").observations)


def states(lab: Live) -> list[tuple[str, str, int]]:
    return [(each.broker, each.state, each.instance) for each in seen(lab) if isinstance(each, BrokerChanged)]


def test_what_is_done_to_a_broker_is_a_step_of_the_history(lab: Live) -> None:
    killed = lab.kill("singapore")
    assert [(each.broker, each.state) for each in killed.observations if isinstance(each, BrokerChanged)] == [
        ("singapore", "killed")
    ]
    assert not lab.serves("singapore")
    lab.start("singapore")
    assert lab.serves("singapore")
    lab.stop("singapore", within=60)
    lab.start("singapore")
    lab.pause("singapore")
    assert not lab.serves("singapore")
    lab.resume("singapore")
    assert lab.serves("singapore")
    told = [each for each in seen(lab) if isinstance(each, StepStarted)]
    verbs = ["kill", "start", "stop", "start", "pause", "resume"]
    assert [(each.step, each.verb, each.by) for each in told] == [
        (number, verb, "python") for number, verb in enumerate(verbs, 1)
    ]
    assert told[0].asked == "kill broker singapore"
    assert all(each.ok for each in seen(lab) if isinstance(each, StepEnded))
    back = ["starting", "started"]
    assert [state for _, state, _ in states(lab)] == [
        "killed", *back, "stopping", "stopped", *back, "paused", "resumed"
    ]  # fmt: skip
    assert lab.lab.note.off == {}


@pytest.mark.parametrize(
    ("asked", "does"),
    [
        ("kill: {broker: singapore}", lambda lab: (lab.kill("singapore"), lab.start("singapore"))),
        ("pause: {broker: singapore}", lambda lab: (lab.pause("singapore"), lab.resume("singapore"))),
        (
            f"connector: {{broker: tokyo, name: {CONNECTOR}, do: stop}}",
            lambda lab: (lab.stop_connector("tokyo", CONNECTOR), lab.start_connector("tokyo", CONNECTOR)),
        ),
    ],
)
def test_a_expectation_that_counts_from_it_is_judged(
    lab: Live, asked: str, does: Callable[[Live], Any], tmp_path: Path
) -> None:
    path = tmp_path / "expectations.yaml"
    text = RECOVERED.replace("topologies", str(shipped("scenarios") / "topologies"))
    path.write_text(text.replace("ASKED", asked).replace("AFTER", asked.partition(":")[0]))
    does(lab)
    with lab.connect("singapore", name="sg") as sg, lab.connect("tokyo") as tokyo:
        sg.subscribe(topic="prices")
        lab.wait(lambda: lab.demand("tokyo", topic="prices"), within=60)
        tokyo.publish("1.08", topic="prices")
        assert sg.receive(within=30).body == b"1.08"
        (verdict,) = lab.judge(path).verdicts
    assert str(verdict.outcome) == "passed", verdict.reason


REFUSED: list[tuple[Callable[[Live], Any], str]] = [
    (lambda lab: lab.start("tokyo"), "tokyo is running already\n  mqlab broker kill tokyo"),
    (lambda lab: lab.resume("tokyo"), "tokyo is running already\n  mqlab broker pause tokyo"),
    (lambda lab: (lab.kill("tokyo"), lab.kill("tokyo")), "tokyo is down already\n  mqlab broker start tokyo"),
    (lambda lab: (lab.kill("tokyo"), lab.stop("tokyo")), "tokyo is down already\n  mqlab broker start tokyo"),
    (lambda lab: (lab.stop("tokyo"), lab.pause("tokyo")), "tokyo is down, so there is nothing to pause\n  mqlab"),
    (lambda lab: (lab.stop("tokyo"), lab.resume("tokyo")), "tokyo is down, so there is nothing to resume\n  mqlab bro"),
    (lambda lab: (lab.pause("tokyo"), lab.pause("tokyo")), "tokyo is paused already\n  mqlab broker resume tokyo"),
    (lambda lab: (lab.pause("tokyo"), lab.start("tokyo")), "tokyo is paused, so there is nothing to start\n  mqlab"),
    (lambda lab: lab.kill("tokyo", instance="1"), "tokyo has only one instance"),
    (lambda lab: lab.kill("tokyo", instance="3"), "instance: Input should be '1', '2', 'active' or 'standby'"),
    (lambda lab: lab.kill("rome"), "NotFoundException"),
    (lambda lab: lab.stop_connector("tokyo", "to_rome"), 'no connector named "to_rome"'),
    (lambda lab: lab.stop_connector("singapore", CONNECTOR), f'no connector named "{CONNECTOR}"'),
    (
        lambda lab: (lab.kill("tokyo"), lab.stop_connector("tokyo", CONNECTOR)),
        "tokyo is down, so there is nothing to stop a connector on\n  mqlab broker start tokyo",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("does", "what"), REFUSED, ids=range(len(REFUSED)))
def test_what_changes_nothing_is_refused_by_name_and_is_no_step(
    lab: Live, does: Callable[[Live], Any], what: str
) -> None:
    with pytest.raises(InputError) as refused:
        does(lab)
    assert what in str(refused.value)
    assert all(each.ok for each in seen(lab) if isinstance(each, StepEnded))


def test_a_broker_that_could_not_be_created_can_only_be_deleted() -> None:
    lab = LiveLab()
    account = creation_failed(lab.control.account, "tokyo")
    lab.keep_control(replace(lab.control, account=account))
    for verb in (lambda: lab.live.start("tokyo"), lambda: lab.live.stop_connector("tokyo", CONNECTOR)):
        with pytest.raises(
            InputError, match=r"tokyo is CREATION_FAILED, so there is nothing to st.*\n  mqlab broker del"
        ):
            verb()


def test_an_active_instance_is_killed_and_comes_back_as_the_standby(pair: Live) -> None:
    killed = pair.kill("singapore").observations[0]
    assert isinstance(killed, BrokerChanged) and (killed.instance, killed.standby) == (1, False)
    pair.wait(lambda: pair.serves("singapore"), within=60)
    assert pair.lab.instances.active("singapore") == 2
    with pytest.raises(InputError, match=r"instance 1 of singapore is down already\n  mqlab broker start singapore"):
        pair.kill("singapore", instance="1")
    pair.start("singapore")  # the one that is down
    pair.pause("singapore", instance="standby")
    pair.resume("singapore")
    pair.stop("singapore", instance="active")
    pair.wait(lambda: pair.lab.instances.active("singapore") == 1, within=60)
    its = [(state, number) for _, state, number in states(pair) if state != "active"]
    assert its == [
        ("killed", 1), ("starting", 1), ("started", 1), ("paused", 1), ("resumed", 1), ("stopping", 2), ("stopped", 2)
    ]  # fmt: skip


def test_which_instance_is_meant_has_to_be_clear(pair: Live) -> None:
    pair.kill("singapore", instance="2")
    pair.kill("singapore")
    for verb, what in ((pair.kill, "singapore is down already"), (pair.start, "both instances of singapore are down")):
        with pytest.raises(InputError, match=what):
            verb("singapore")
    with pytest.raises(InputError, match=r"no instance of singapore is active\n  name the instance: instance 1, or"):
        pair.start("singapore", instance="standby")
    pair.start("singapore", instance="2")
    assert pair.lab.instances.active("singapore") == 2
    pair.start("singapore")
    shown = r"\n  read the states of both instances: mqlab status$"
    for verb in (pair.start, pair.resume):
        with pytest.raises(InputError, match=rf"^both instances of singapore are running already{shown}"):
            verb("singapore")
    pair.pause("singapore")
    with pytest.raises(InputError, match=rf"^no instance of singapore is down, so there is nothing to start{shown}"):
        pair.start("singapore")
    pair.kill("singapore", instance="1")
    with pytest.raises(InputError, match="nothing to start"):
        pair.start("singapore", instance="2")


def test_a_reboot_leaves_a_stopped_standby_stopped_and_starts_a_broker_that_is_down(pair: Live) -> None:
    pair.kill("singapore", instance="standby")
    pair.reboot("singapore")
    assert [number for _, state, number in states(pair) if state == "started"] == [1]
    assert pair.lab.instances.state("singapore", 2) is State.DOWN and pair.lab.note.off == {"singapore-2": False}
    pair.kill("tokyo")
    assert pair.reboot("tokyo").failed == ""
    assert pair.serves("tokyo") and pair.lab.note.off == {"singapore-2": False}


def test_a_reboot_says_that_a_frozen_standby_keeps_its_old_files(pair: Live) -> None:
    pair.pause("singapore", instance="standby")
    pair.create_user("singapore", "clerk", "over-the-ocean-1858")
    words = "instance 2 of singapore is paused: it keeps its old files until it is stopped and started"
    assert pair.reboot("singapore").note == words
    assert pair.lab.instances.state("singapore", 2) is State.PAUSED
    pair.resume("singapore")
    assert pair.reboot("singapore").note == ""


@pytest.mark.parametrize(
    ("state", "what"),
    [
        (State.ABSENT, "tokyo is not created yet, so there is nothing to kill\n  mqlab broker create tokyo"),
        (State.DELETED, "tokyo is deleted, so there is nothing to kill"),
    ],
)
def test_where_there_is_no_instance_nobody_is_told_to_kill_it(state: State, what: str) -> None:
    class Without(LiveLab):
        def instance_state(self, broker: str, instance: int = 1) -> State:
            return state

    with pytest.raises(InputError) as refused:
        Without().live.kill("tokyo")
    assert str(refused.value) == what


@pytest.mark.parametrize("how", ["kill", "pause"])
def test_other_verbs_do_what_they_can_with_a_broker_that_is_out(lab: Live, how: str) -> None:
    lab.connect("tokyo", over="stomp").publish("left", queue="orders")
    getattr(lab, how)("singapore")
    lab.wait(lambda: not lab.bridged(CONNECTOR), within=120)
    assert lab.demand("singapore", topic="prices") is False
    assert lab.queued("singapore", "orders") is None
    assert lab.status().bridges[0].up is False
    lab.snapshot("now")
    lab.cut()
    lab.heal()
    lab.purge()
    assert lab.queued("tokyo", "orders") == 0
    with pytest.raises((BrokerError, LabTimeout)) as refused:
        lab.connect("singapore")
    assert "check that the broker" in str(refused.value)
    assert lab.create_user("singapore", "clerk", "over-the-ocean-1858").note == "it waits for a reboot"
    lab.reboot("singapore")
    assert lab.serves("singapore") and lab.lab.note.off == {}


class Interrupted(LiveLab):
    """A lab whose command is killed just before it kills a broker, and just after."""

    dies_before = dies_after = False

    def kill(self, broker: str, instance: int = 1) -> BrokerChanged:
        if self.dies_before:
            raise Killed
        changed = super().kill(broker, instance)
        if self.dies_after:
            raise Killed
        return changed


@pytest.mark.parametrize("when", ["dies_before", "dies_after"])
def test_a_kill_whose_command_was_killed_is_found_as_it_is(when: str, tmp_path: Path) -> None:
    lab = Interrupted()
    lab.note_folder = tmp_path
    setattr(lab, when, True)
    with pytest.raises(Killed):
        lab.live.kill("tokyo")
    assert lab.note.off == {"tokyo": True}
    setattr(lab, when, False)
    live = lab.live
    with live.turn():
        assert lab.note.off == ({"tokyo": True} if when == "dies_after" else {})
    if when == "dies_before":
        assert live.serves("tokyo")
        live.kill("tokyo")
    live.start("tokyo")
    assert live.serves("tokyo") and lab.note.off == {}


def test_a_purge_passes_over_a_pair_whose_active_instance_is_frozen(pair: Live) -> None:
    pair.connect("tokyo", over="stomp").publish("left", queue="orders")
    pair.pause("singapore")
    pair.purge()
    assert pair.queued("tokyo", "orders") == 0


def test_a_stop_that_ended_in_a_kill_is_told(tmp_path: Path) -> None:
    class Warned(Logged):
        def warn(self, what: str) -> None:
            warned.append(what)

    warned: list[str] = []
    live = Live(LiveLab(), Warned())
    live.pause("tokyo")
    assert live.stop("tokyo", within=2).failed == "it had not ended within 2 s, and was killed"
    assert warned == ["stop broker tokyo: it had not ended within 2 s, and was killed"]


def test_a_connector_is_stopped_and_started(lab: Live) -> None:
    lab.stop_connector("tokyo", CONNECTOR)
    lab.wait(lambda: not lab.bridged(CONNECTOR), within=60)
    lab.start_connector("tokyo", CONNECTOR)
    lab.wait(lambda: lab.bridged(CONNECTOR), within=60)
    told = [(each.broker, each.connector, each.state) for each in seen(lab) if isinstance(each, ConnectorChanged)]
    assert told == [("tokyo", CONNECTOR, "stopped"), ("tokyo", CONNECTOR, "started")]
    asked = [each.asked for each in seen(lab) if isinstance(each, StepStarted)]
    assert asked == [f"{do} connector {CONNECTOR} of tokyo" for do in ("stop", "start")]
