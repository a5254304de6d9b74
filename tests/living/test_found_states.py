"""What becomes of brokers that verbs have taken out is recorded by the next command, where no verb has recorded it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from lab import labs
from lab.declare.steps.base import STOPS_WITHIN, State
from lab.errors import BrokerError, HostError, LabTimeout
from lab.history import BrokerChanged, Header, read
from lab.history.shared_file import begin
from lab.living.history import file_of
from lab.living.lab import Live
from lab.runtime import state_file as state_files
from lab.runtime.progress import Logged
from tests.living.live_lab import Killed, LiveLab

HEADER = Header(
    run="r", scenario="s", seed=1, runtime="memory", started="", declared={"steps": []}, mqlab="0", standing=True
)


class Interrupted(LiveLab):
    """A lab whose command is killed after something was done to a broker, and before that was recorded."""

    interrupts = False
    refuses = False
    fails: BaseException | None = None  # before anything was done
    ends_at_once = False  # each instance that is started ends at once

    def kill(self, broker: str, instance: int = 1) -> BrokerChanged:
        return self._done(lambda: super(Interrupted, self).kill(broker, instance))

    def stop(self, broker: str, *, within: float, instance: int = 1) -> BrokerChanged:
        return self._done(lambda: super(Interrupted, self).stop(broker, within=within, instance=instance))

    def start(self, broker: str, instance: int = 1) -> BrokerChanged:
        changed = self._done(lambda: super(Interrupted, self).start(broker, instance))
        if self.ends_at_once:
            super().kill(broker, instance)
        return changed

    def started(self, broker: str, instance: int = 1) -> bool:
        if self.instance_state(broker, instance) is State.DOWN:
            raise BrokerError(f"broker {broker} ended while starting")
        return super().started(broker, instance)

    def pause(self, broker: str, instance: int = 1) -> BrokerChanged:
        return self._done(lambda: super(Interrupted, self).pause(broker, instance))

    def resume(self, broker: str, instance: int = 1) -> BrokerChanged:
        return self._done(lambda: super(Interrupted, self).resume(broker, instance))

    def _done(self, what: Callable[[], BrokerChanged]) -> BrokerChanged:
        if self.refuses:
            raise BrokerError("the engine refused it")
        if self.fails is not None:
            raise self.fails
        changed = what()
        if self.interrupts:
            raise Killed
        return changed

    def states(self, broker: str) -> list[tuple[str, int, bool]]:
        seen = read(file_of(self.note)).observations
        found = (each for each in seen if isinstance(each, BrokerChanged) and each.broker == broker)
        return [(each.state, each.instance, each.standby) for each in found]

    def serves(self, broker: str) -> bool:
        return self.clock.wait(lambda: self.live.serves(broker), 60)

    def next_turn(self) -> None:
        with self.live.turn():
            pass


def opened(scenario: str, folder: Path) -> Interrupted:
    lab = Interrupted(scenario)
    lab.note = lab.note.with_fields(folder=str(folder))
    lab.note_folder = folder
    state_files.save(lab.note, folder)
    begin(file_of(lab.note), HEADER).close()
    return lab


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Interrupted]:
    yield opened("one-way", tmp_path)


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Interrupted]:
    yield opened("failover", tmp_path)


def of_one(*states: str) -> list[tuple[str, int, bool]]:
    return [(state, 0, False) for state in states]


def test_a_start_that_was_not_waited_for(lab: Interrupted) -> None:
    lab.live.kill("tokyo")
    with pytest.raises(LabTimeout):
        lab.live.start("tokyo", within=0.01)
    lab.next_turn()
    assert lab.states("tokyo") == of_one("killed", "starting"), "it does not serve yet"
    assert lab.serves("tokyo")
    lab.next_turn()
    lab.next_turn()
    assert lab.states("tokyo") == of_one("killed", "starting", "started")
    assert (lab.note.off, lab.note.recorded) == ({}, {})


def test_a_start_in_a_simulation_that_was_not_waited_for(tmp_path: Path) -> None:
    with labs.up("one-way", runtime="simulation", runs=tmp_path, environment={}) as live:
        live.kill("tokyo")
        with pytest.raises(LabTimeout):
            live.start("tokyo", within=0.01)
        live.wait(lambda: live.serves("tokyo"), within=60)
        with live.turn():
            live.cut()
        seen = read(live.folder / "history.jsonl").observations
        told = [each.state for each in seen if isinstance(each, BrokerChanged) and each.broker == "tokyo"]
        assert told == ["killed", "starting", "started"] and live.lab.note.off == {}


def test_what_cannot_be_recorded_of_brokers_is_no_matter_of_the_network(lab: Interrupted) -> None:
    class Warned(Logged):
        def warn(self, what: str) -> None:
            warned.append(what)

    def full(instances: Mapping[str, bool], recorded: Mapping[str, tuple[str, float]]) -> None:
        raise OSError("no space left on the device")

    warned: list[str] = []
    lab.live.kill("tokyo")
    lab.start("tokyo")
    lab.keep_off = full  # type: ignore[method-assign]
    with Live(lab, Warned()).turn():
        pass
    assert warned == ["could not record the brokers' current states: no space left on the device"]


def test_a_start_whose_command_was_killed(lab: Interrupted) -> None:
    lab.live.stop("tokyo")
    lab.interrupts = True
    with pytest.raises(Killed):
        lab.live.start("tokyo")
    lab.interrupts = False
    assert lab.serves("tokyo")
    lab.next_turn()
    assert lab.states("tokyo") == of_one("stopping", "stopped", "starting", "started")


def test_a_start_that_nobody_of_the_lab_did(lab: Interrupted) -> None:
    lab.live.kill("tokyo")
    lab.start("tokyo")
    lab.next_turn()
    lab.kill("tokyo")
    lab.next_turn()
    assert lab.states("tokyo") == of_one("killed", "starting", "stopped")
    lab.live.start("tokyo")
    assert lab.live.serves("tokyo") and lab.note.off == {}


@pytest.mark.parametrize(
    ("verb", "found"),
    [
        (lambda lab: lab.live.kill("tokyo"), ["killed"]),
        (lambda lab: lab.live.stop("tokyo"), ["stopping", "stopped"]),
        (lambda lab: lab.live.pause("tokyo"), ["paused"]),
    ],
)
def test_an_end_whose_command_was_killed(
    lab: Interrupted, verb: Callable[[Interrupted], None], found: list[str]
) -> None:
    lab.interrupts = True
    with pytest.raises(Killed):
        verb(lab)
    lab.interrupts = False
    lab.next_turn()
    lab.next_turn()
    assert lab.states("tokyo") == of_one(*found)


def test_a_frozen_one_that_nobody_of_the_lab_let_go_on(lab: Interrupted) -> None:
    lab.live.pause("tokyo")
    lab.resume("tokyo")
    lab.next_turn()
    assert lab.states("tokyo") == of_one("paused", "resumed") and lab.note.off == {}


def test_a_stop_that_the_engine_refuses(lab: Interrupted) -> None:
    lab.refuses = True
    with pytest.raises(BrokerError):
        lab.live.stop("tokyo")
    assert lab.states("tokyo") == of_one("stopping", "started") and lab.note.off == {}
    lab.next_turn()
    assert lab.states("tokyo") == of_one("stopping", "started")


@pytest.mark.parametrize("error", [Killed(), HostError("the engine does not answer")])
@pytest.mark.parametrize("within", [STOPS_WITHIN.total_seconds(), 60.0])
def test_a_stop_that_was_cut_short_while_the_broker_ends(lab: Interrupted, error: BaseException, within: float) -> None:
    lab.fails = error
    with pytest.raises(type(error)):
        lab.live.stop("tokyo", within=within)
    lab.clock.sleep(within - 1)
    lab.next_turn()
    assert lab.states("tokyo") == of_one("stopping"), "it may be at it"
    lab.clock.sleep(1)
    lab.next_turn()
    assert lab.states("tokyo") == of_one("stopping", "started"), "nobody has asked it"


@pytest.mark.parametrize("error", [Killed(), HostError("the engine does not answer")])
def test_one_that_ended_by_itself_and_was_not_started_was_ended_by_no_verb(
    lab: Interrupted, error: BaseException
) -> None:
    lab.kill("tokyo")
    lab.fails = error
    with pytest.raises(type(error)):
        lab.live.start("tokyo")
    lab.next_turn()
    assert lab.states("tokyo") == [] and (lab.note.off, lab.note.recorded) == ({}, {})
    lab.fails, lab.interrupts = None, True
    with pytest.raises(Killed):
        lab.live.start("tokyo")
    lab.interrupts = False
    assert lab.serves("tokyo")
    lab.next_turn()
    assert lab.states("tokyo") == of_one("starting", "started") and lab.note.off == {}


@pytest.mark.parametrize("by_verb", [True, False])
def test_one_that_ends_while_it_starts_has_stopped(lab: Interrupted, by_verb: bool) -> None:
    (lab.live if by_verb else lab).kill("tokyo")
    lab.ends_at_once = True
    with pytest.raises(BrokerError, match="ended while starting"):
        lab.live.start("tokyo")
    lab.next_turn()
    lab.next_turn()
    assert lab.states("tokyo") == of_one(*(["killed"] if by_verb else []), "starting", "stopped")


def test_a_reboot_that_was_not_waited_for(lab: Interrupted) -> None:
    with pytest.raises(LabTimeout):
        lab.live.reboot("tokyo", within=0.01)
    assert lab.serves("tokyo")
    lab.next_turn()
    lab.next_turn()
    assert lab.states("tokyo") == of_one("stopping", "stopped", "starting", "started")
    assert (lab.note.off, lab.note.recorded) == ({}, {})


def test_a_kill_that_another_instance_has_taken_over_after_is_no_outage(pair: Interrupted) -> None:
    pair.interrupts = True
    with pytest.raises(Killed):
        pair.live.kill("singapore")
    pair.interrupts = False
    assert pair.serves("singapore")
    pair.next_turn()
    assert pair.states("singapore") == [("killed", 1, True)]
    pair.start("singapore", 1)
    assert pair.clock.wait(lambda: pair.started("singapore", 1), 60)
    pair.next_turn()
    assert pair.states("singapore")[1:] == [("starting", 1, True), ("started", 1, True)]


@pytest.mark.parametrize("verb", ["kill", "pause"])
def test_what_the_engine_refuses_takes_nothing_out(lab: Interrupted, verb: str) -> None:
    lab.refuses = True
    with pytest.raises(BrokerError):
        getattr(lab.live, verb)("tokyo")
    assert lab.note.off == {}


def test_one_that_ended_by_itself_and_does_not_start_was_stopped_by_no_verb(lab: Interrupted) -> None:
    lab.kill("tokyo")
    lab.refuses = True
    with pytest.raises(BrokerError):
        lab.live.start("tokyo")
    assert lab.note.off == {}
    lab.refuses = False
    lab.live.start("tokyo")
    lab.live.kill("tokyo")
    lab.refuses = True
    with pytest.raises(BrokerError):
        lab.live.start("tokyo")
    assert lab.note.off == {"tokyo": True}
