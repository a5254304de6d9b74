"""A living lab whose brokers stop, die, freeze and come back: what it sees, what it says, and that it always closes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from lab.emulation.lab import EmulatedLab
from lab.errors import BrokerError
from lab.history import BridgeSeen, LogLine, MemoryRecorder, Trouble
from lab.runtime.messages import Destination
from tests.integration.labs import TWO_SHORES, Engine, Standing, eventually, standing

pytestmark = [pytest.mark.docker, pytest.mark.release]
CONNECTOR = "ashburn_to_dublin"


@contextmanager
def watched(lab: EmulatedLab) -> Iterator[MemoryRecorder]:
    recorder = MemoryRecorder()
    lab.watch(recorder)
    try:
        yield recorder
    finally:
        lab.unwatch()


def ends(recorder: MemoryRecorder) -> dict[str, bool]:
    """Return each broker's last word on its end of the bridge."""
    return {each.broker: each.up for each in tuple(recorder.observations) if isinstance(each, BridgeSeen)}


def comes(recorder: MemoryRecorder, **expected: bool) -> bool:
    return eventually(lambda: ends(recorder) == expected, 90)


def troubles(recorder: MemoryRecorder) -> list[str]:
    return [each.what for each in recorder.observations if isinstance(each, Trouble)]


def named(recorder: MemoryRecorder, name: str, since: float) -> list[LogLine]:
    seen = tuple(recorder.observations)
    return [each for each in seen if isinstance(each, LogLine) and each.name == name and each.t >= since]


@pytest.mark.parametrize("broker", ["ashburn", "dublin"])  # the bridge's initiator, and its responder
def test_ends_of_a_killed_broker_are_gone_and_found_again(shores_lab: Standing, broker: str) -> None:
    lab = shores_lab.lab
    with watched(lab) as recorder:
        assert comes(recorder, ashburn=True, dublin=True)
        before = lab.clock.now()
        killed = lab.instances.kill(broker)
        assert (killed.broker, killed.state) == (broker, "killed")
        assert before <= killed.t <= lab.clock.now()
        assert ends(recorder)[broker] is False, "what a dead broker had is gone at once"
        assert comes(recorder, ashburn=False, dublin=False)
        with pytest.raises(BrokerError, match="is down"):
            lab.management.demand(broker, Destination(kind="queue", name="orders"))
        assert {each.broker for each in lab.management.bridges()} <= {"ashburn", "dublin"} - {broker}
        starting = lab.instances.start(broker)
        assert starting.state == "starting"
        assert eventually(lambda: lab.instances.started(broker), 120)
        assert comes(recorder, ashburn=True, dublin=True)
        assert named(recorder, "broker-started", starting.t)[0].broker == broker
        assert named(recorder, "store-recovered", starting.t), "its log is followed into its next life"
    assert troubles(recorder) == []


def test_brokers_that_start_at_the_same_time_are_all_let_in(shores_lab: Standing) -> None:
    lab, names = shores_lab.lab, ("ashburn", "dublin")
    for name in names:
        lab.instances.kill(name)
    with ThreadPoolExecutor(len(names)) as pool:
        list(pool.map(lab.instances.start, names))
    assert all(eventually(lambda: lab.instances.started(name), 120) for name in names)  # noqa: B023 (asked here and now)
    assert eventually(shores_lab.bridged, 120)


def test_a_paused_broker_holds_up_nobody(shores_lab: Standing) -> None:
    lab = shores_lab.lab
    with watched(lab) as recorder:
        assert comes(recorder, ashburn=True, dublin=True)
        assert lab.instances.pause("dublin").state == "paused"
        assert shores_lab.broker("dublin").status == "paused"
        with pytest.raises(BrokerError, match="is paused"):
            lab.management.demand("dublin", Destination(kind="queue", name="orders"))
        asked = [(name, Destination(kind="queue", name="orders")) for name in ("ashburn", "dublin")]
        assert {each.broker for each in lab.management.destinations(asked)} == {"ashburn"}
        assert {each.broker for each in lab.management.bridges()} == {"ashburn"}
        assert ends(recorder)["dublin"] is True, "nothing of it has gone"
        assert lab.instances.resume("dublin").state == "resumed"
        assert {each.broker for each in lab.management.bridges()} == {"ashburn", "dublin"}
    assert troubles(recorder) == []


def test_a_broker_that_ends_by_itself_is_noticed(shores_lab: Standing) -> None:
    lab = shores_lab.lab
    with watched(lab) as recorder:
        assert comes(recorder, ashburn=True, dublin=True)
        shores_lab.broker("ashburn").kill()  # behind the lab's back
        assert comes(recorder, ashburn=False, dublin=False)
        assert eventually(lambda: troubles(recorder) == ["it has ended by itself: exit code 137"], 60)
        lab.instances.start("ashburn")
        assert eventually(lambda: lab.instances.started("ashburn"), 120)
        assert comes(recorder, ashburn=True, dublin=True)


def test_a_stopped_broker_says_so_in_its_log(shores_lab: Standing) -> None:
    lab = shores_lab.lab
    with watched(lab) as recorder:
        before = lab.clock.now()
        stopped = lab.instances.stop("dublin", within=60)
        assert stopped.state == "stopped"
        assert eventually(lambda: bool(named(recorder, "broker-stopped", before)), 60)
        (line,) = named(recorder, "broker-stopped", before)
        assert before <= line.t <= stopped.t + 0.1, "the log's moments and the engine's are on one clock"
        lab.instances.start("dublin")
        assert eventually(lambda: lab.instances.started("dublin"), 120)
        assert comes(recorder, ashburn=True, dublin=True)


def test_a_connector_stops_and_starts(shores_lab: Standing) -> None:
    lab = shores_lab.lab
    with watched(lab) as recorder:
        assert comes(recorder, ashburn=True, dublin=True)
        assert lab.management.change_connector("ashburn", CONNECTOR, "stop").state == "stopped"
        assert comes(recorder, ashburn=False, dublin=False)
        assert lab.management.change_connector("ashburn", CONNECTOR, "start").state == "started"
        assert comes(recorder, ashburn=True, dublin=True)
        with pytest.raises(BrokerError, match="nobody"):
            lab.management.change_connector("ashburn", "nobody", "stop")


@pytest.mark.parametrize(
    "how",
    [lambda lab: lab.instances.pause("dublin"), lambda lab: lab.instances.stop("dublin", within=60)],
    ids=["paused", "stopped"],
)
def test_a_lab_with_a_broker_that_is_out_closes_wholly(
    engine: Engine, tmp_path: Path, how: Callable[[EmulatedLab], object]
) -> None:
    """`standing` sees that nothing is left; it closes in the middle of a watch."""
    with standing(TWO_SHORES, engine, tmp_path) as stood:
        stood.lab.watch(MemoryRecorder())
        stood.lab.instances.kill("ashburn")
        how(stood.lab)
    assert {path.name for path in (stood.folder / "logs").iterdir()} == {"ashburn.log", "dublin.log", "router.log"}
