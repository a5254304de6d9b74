"""An instance of a pair that is late ends no reboot that goes on, and keeps no other from being started."""

from __future__ import annotations

import threading
from datetime import timedelta
from pathlib import Path

import pytest

from lab.activemq.log_lines import LOCKED, STARTED
from lab.declare.loading import load
from lab.declare.steps.service import CreateBroker
from lab.history import BrokerChanged, BrokerRecordSeen, LogLine, MemoryRecorder, Trouble
from lab.operating import operate
from lab.plan.control import opening_control
from lab.plan.planning import plan
from lab.replay.service import Service
from tests.operating.plane import NOW, Plane
from tests.replay.cases import BEGAN
from tests.replay.test_trouble import Played
from tests.spoilt_lab import SpoiltLab, opened

ROOT = Path(__file__).parents[2]
PAIR = f"scenario: late\ntopology: {ROOT}/scenarios/topologies/active-standby.yaml\nsteps:\n"


def played(folder: Path, steps: str) -> Played:
    return Played(folder, steps, head=PAIR)


def test_a_late_standby_does_not_end_a_reboot_whose_other_instance_is_still_down(tmp_path: Path) -> None:
    """The standby is ready some seconds after its start, and serves, and logs that, when the active one has stopped."""
    steps = "  - reboot: {broker: singapore, within: 1s, downtime: 8s}\n  - wait: 5s\n"
    expectations = "expect:\n  - broker-state: {broker: singapore, state: RUNNING}\n"
    its = played(tmp_path, steps + expectations)
    its.play()
    assert "had not started within 1 s" in its.seen(Trouble)[0].what
    records = [(each.state, each.t) for each in its.seen(BrokerRecordSeen) if each.broker == "singapore"]
    assert [state for state, _ in records] == ["RUNNING", "REBOOT_IN_PROGRESS", "RUNNING"]
    last_start = max(each.t for each in its.seen(BrokerChanged) if each.state == "starting")
    assert records[-1][1] >= last_start, "it runs again when both instances were rebooted"


class SlowLab(SpoiltLab):
    """Its first instances are never seen to have started."""

    def started(self, broker: str, instance: int = 1) -> bool:
        return (broker == "tokyo" or instance != 1) and super().started(broker, instance)


class PatientPlane(Plane):
    """Goes on with what is late, as a replay does."""

    def report_late(self, broker: str, number: int, *, since: float, within: float, action: str) -> str:
        return f"{number} is late"


def test_both_instances_of_a_pair_are_started_though_the_first_is_late(tmp_path: Path) -> None:
    text = (ROOT / "scenarios" / "topologies" / "active-standby.yaml").read_text()
    (tmp_path / "topologies").mkdir()
    (tmp_path / "topologies" / "later.yaml").write_text(text.replace("MULTI_AZ\n", "MULTI_AZ\n    later: yes\n"))
    (tmp_path / "configurations").symlink_to(ROOT / "scenarios" / "configurations")
    (tmp_path / "later.yaml").write_text("scenario: s\ntopology: topologies/later.yaml\nsteps:\n  - wait: 1s\n")
    topology = load(tmp_path / "later.yaml", environment={}).topology
    planned = plan(topology, seed=7)
    plane = PatientPlane(opened(planned, topology, SlowLab), planned, opening_control(planned, NOW))
    done = operate(plane, CreateBroker(broker="singapore", within=timedelta(seconds=10)))
    changed = [(each.state, each.instance) for each in plane.seen if isinstance(each, BrokerChanged)]
    assert changed == [("creating", 0), ("starting", 1), ("starting", 2), ("started", 2)]
    assert done.failed == "1 is late"
    (state,) = (str(each.state) for each in plane.control.account.brokers if each.name == "singapore")
    assert state == "CREATION_IN_PROGRESS", "until the other one has started too"


def service(folder: Path) -> tuple[Service, SpoiltLab, MemoryRecorder]:
    found, recorder = played(folder, "  - wait: 1s\n"), MemoryRecorder()
    lab, topology = found.lab, found.scenario.topology
    its = Service(
        lab,
        found.plan,
        record=recorder.record,
        wait=lab.clock.wait,
        took=lambda _: None,
        began=BEGAN,
        starts=None,
        reboot_time=topology.reboot_time,
        tells=True,
    )
    return its, lab, recorder


def states(recorder: MemoryRecorder) -> list[str]:
    return [each.state for each in recorder.observations if isinstance(each, BrokerChanged)]


def log(name: str, t: float) -> LogLine:
    return LogLine(t=t, broker="singapore", level="INFO", text=name, name=name, instance=2)


@pytest.mark.parametrize("name", [STARTED, LOCKED])
def test_a_standby_that_waits_for_the_store_later_than_it_was_waited_for_is_back(tmp_path: Path, name: str) -> None:
    its, _, recorder = service(tmp_path)
    its.takes_out("singapore", 2)
    assert its.report_late("singapore", 2, since=0.0, within=1, action="start")
    its.hear(log(name, 5.0))
    its.hear(log(name, 6.0))
    assert states(recorder) == ["started"] and not its.off


@pytest.mark.release
def test_a_start_is_either_late_or_in_time_whoever_comes_first(tmp_path: Path) -> None:
    """A log tells of a start while a step gives it up: one of them tells, never both."""
    for _ in range(200):
        its, _, recorder = service(tmp_path)
        both, said = threading.Barrier(2), []

        def give_up(its: Service = its, both: threading.Barrier = both, said: list[str] = said) -> None:
            both.wait()
            said.append(its.report_late("singapore", 2, since=0.0, within=1, action="start"))

        step = threading.Thread(target=give_up)
        step.start()
        both.wait()
        its.hear(log(STARTED, 5.0))
        step.join()
        troubles = [each for each in recorder.observations if isinstance(each, Trouble)]
        assert states(recorder) == ["started"]
        assert len(troubles) == bool(said[0])
        assert not troubles or recorder.observations.index(troubles[0]) == 0, "late, and then back"


def test_a_standby_that_could_not_be_started_is_out_by_a_step_only_if_it_was_before(tmp_path: Path) -> None:
    its, _, _ = service(tmp_path)
    forget = its.takes_out("singapore", 2)
    its.takes_out("singapore", 2)()
    assert its.stopped("singapore") == {2}
    forget()
    assert not its.stopped("singapore") and not its.off
