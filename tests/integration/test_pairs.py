"""An active and a standby instance: one serves, the other refuses, and takes over; who names only one of them loses."""

from __future__ import annotations

import re
import shutil
import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lab.activemq.protocols import ENDPOINTS
from lab.base.shipped import shipped
from lab.emulation.state import InstanceState
from lab.history import BrokerChanged, History, MemoryRecorder, StepEnded, read
from lab.living.lab import Live
from tests.command import Commands
from tests.integration.labs import Engine, Standing, eventually, left_of, reach, standing
from tests.integration.test_run import report

pytestmark = pytest.mark.docker
CONNECTOR = "connector_tokyo_to_singapore"
REBOOTS = Path(__file__).parent / "scenarios" / "pair-reboots.yaml"


@pytest.fixture(scope="module")
def pair_lab(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standing]:
    with standing(shipped("scenarios") / "failover.yaml", engine, tmp_path_factory.mktemp("pair")) as lab:
        yield lab


def instance(lab: Standing, number: int) -> InstanceState:
    return lab.lab.state.brokers["singapore"].instance(number)


def certified(lab: Standing, number: int, name: str) -> bool:
    """Tell whether an instance's MQTT endpoint shows a certificate for a name."""
    trusted = ssl.create_default_context(cafile=lab.lab.state.ca_file)
    with (
        socket.create_connection(("127.0.0.1", instance(lab, number).ports["mqtt"]), 10) as plain,
        trusted.wrap_socket(plain, server_hostname=name) as secured,
    ):
        return secured.getpeercert() is not None


def roles(lab: Standing) -> dict[str, tuple[str, str]]:
    """Return the role and the health of each instance of the pair."""
    found = lab.lab.status().brokers
    return {each.name: (each.role, each.health) for each in found if each.name != "tokyo"}


def changes(history: History, broker: str) -> list[tuple[str, int, bool]]:
    seen = (each for each in history.observations if isinstance(each, BrokerChanged) and each.broker == broker)
    return [(each.state, each.instance, each.standby) for each in sorted(seen, key=lambda each: each.t)]


def test_one_serves_and_the_other_refuses(pair_lab: Standing) -> None:
    tokyo = pair_lab.broker("tokyo")
    hosts = [its.host_name for its in pair_lab.plan.broker("singapore").instances]
    assert [host.split(".")[0][-2:] for host in hosts] == ["-1", "-2"]
    for endpoint in (each for each in ENDPOINTS if each.transport):
        answers = [reach(tokyo, host, endpoint.port) for host in hosts]
        assert answers == ["open", "refused"], endpoint
    assert all(certified(pair_lab, 1, host) for host in hosts), "one certificate is for both names"
    healthy = {"singapore-1": ("active", "healthy"), "singapore-2": ("standby", "healthy")}
    assert eventually(lambda: roles(pair_lab) == healthy, 60), roles(pair_lab)


def test_a_pair_has_a_store_of_its_own(pair_lab: Standing) -> None:
    volumes = pair_lab.client.volumes.list(filters={"label": f"mqlab.run={pair_lab.run}"})
    assert [each.name for each in volumes] == [f"mqlab-{pair_lab.run}-singapore-store"]


def test_a_paused_instance_keeps_the_lock(pair_lab: Standing) -> None:
    lab = pair_lab.lab
    assert lab.instances.active("singapore") == 1
    assert (lab.instances.pause("singapore", 1).instance, lab.instances.active("singapore")) == (1, 1)
    assert reach(pair_lab.broker("tokyo"), instance(pair_lab, 2).address, 61617) == "refused"
    lab.instances.resume("singapore", 1)
    assert lab.instances.active("singapore") == 1


@pytest.mark.release
def test_a_killed_instance_is_taken_over_from_and_back(pair_lab: Standing) -> None:
    lab, recorder = pair_lab.lab, MemoryRecorder()
    lab.watch(recorder)
    try:
        for dies, takes_over in ((1, 2), (2, 1)):
            assert lab.instances.kill("singapore", dies).standby is False
            assert eventually(lambda: lab.instances.active("singapore") == takes_over, 30)  # noqa: B023 (asked here and now)
            assert reach(pair_lab.broker("tokyo"), instance(pair_lab, takes_over).address, 61617) == "open"
            starting = lab.instances.start("singapore", dies)
            assert (starting.standby, starting.instance) == (True, dies)
            assert eventually(lambda: lab.instances.started("singapore", dies), 60)  # noqa: B023
            assert lab.instances.active("singapore") == takes_over, "who comes back is the standby"
            assert eventually(pair_lab.bridged, 120)
    finally:
        lab.unwatch()
    told = [each for each in recorder.observations if isinstance(each, BrokerChanged)]
    assert [(each.state, each.instance) for each in told] == [("active", 2), ("active", 1)]


@pytest.mark.release
def test_an_instance_killed_while_a_connector_connects_to_it_delays_the_bridge(pair_lab: Standing) -> None:
    """The connector waits half a minute for the dead instance; no packet tells it that nobody answers any more."""
    lab, tokyo, since = pair_lab.lab, pair_lab.broker("tokyo"), datetime.now(UTC)
    lab.instances.kill("singapore", 1)
    connected = re.compile(rb"Successfully connected to \S*-2\.mq\.")
    assert eventually(lambda: connected.search(tokyo.logs(since=since)), 60)
    lab.instances.kill("singapore", 2)
    lab.instances.start("singapore", 1)
    assert eventually(pair_lab.bridged, 150)
    lab.instances.start("singapore", 2)
    assert eventually(lambda: lab.instances.started("singapore", 2), 60)


@pytest.mark.release
def test_who_names_only_the_standby_has_no_bridge_before_it_takes_over(pair_lab: Standing) -> None:
    """The last one with this lab: its first instance stays down."""
    lab, live = pair_lab.lab, Live(pair_lab.lab)
    both = (shipped("scenarios") / "configurations" / "tokyo-masterslave.xml").read_text()
    only_the_standby = re.sub(r'"masterslave:\(ssl:[^,]*,([^)]*)\)"', r'"static:(\1)"', both)
    assert only_the_standby != both
    assert lab.instances.active("singapore") == 1
    live.update_configuration("tokyo-configuration", only_the_standby)
    live.update_broker("tokyo", configuration="tokyo-configuration")
    rebooted = datetime.now(UTC)
    live.reboot("tokyo")
    tokyo = pair_lab.broker("tokyo")
    assert eventually(lambda: b"Connection refused" in tokyo.logs(since=rebooted), 60), "the standby's ports refuse"
    (bridge,) = lab.status().bridges
    assert (bridge.up, bridge.ends) == (False, ())
    assert bridge.why_not == f"{CONNECTOR} names only instance 2 of singapore, which is not the active one"
    lab.instances.kill("singapore", 1)
    (planned,) = lab.note.plan.bridges
    assert eventually(lambda: lab.management.bridge_is_up(planned), 120)


@pytest.mark.release
def test_what_a_killed_run_leaves_of_a_pair_a_sweep_removes(mqlab: Commands, engine: Engine) -> None:
    words = ("run", "failover")
    process = mqlab.start(*words)
    mqlab.wait_said(process, "check-link")
    process.kill()
    process.communicate(timeout=60)
    run = mqlab.latest.name
    assert f"mqlab-{run}-singapore-store" in left_of(engine.client, run)
    swept = mqlab("sweep", "--json")
    assert swept.code == 0, swept
    assert [each["volumes"] for each in swept.json if each["run"] == run] == [1]
    assert left_of(engine.client, run) == [] and list(mqlab.state.iterdir()) == []


@pytest.mark.release
def test_failing_over_loses_nothing_and_a_pair_is_whole_again_after_reboots(
    mqlab: Commands, engine: Engine, tmp_path: Path
) -> None:
    """Two labs at once: a kill, and reboots."""
    other = Commands(folder=tmp_path / "reboot-lab")
    started = [(mqlab, mqlab.start("run", "failover")), (other, other.start("run", REBOOTS))]
    whole, rebooting = (commands.end_of(process, 300) for commands, process in started)

    assert whole.code == 0, whole
    (delivery,) = report(mqlab.latest)["deliveries"]
    assert delivery["expected"] == delivery["received"] > 100
    assert delivery["lost"] == 0
    assert changes(read(mqlab.latest / "history.jsonl"), "singapore") == [("killed", 1, False), ("active", 2, False)]

    assert rebooting.code == 0, rebooting
    history = read(other.latest / "history.jsonl")
    rebooted = changes(history, "dublin")
    standby_first = [("stopping", 2, True), ("stopped", 2, True), ("starting", 2, True), ("started", 2, True)]
    then_over = [("stopping", 1, False), ("stopped", 1, False), ("active", 2, False), ("starting", 1, True)]
    assert rebooted[:8] == [*standby_first, *then_over]
    failed = [each.note for each in history.observations if isinstance(each, StepEnded) and not each.ok]
    why = sorted(note.partition(":")[0] for note in failed)
    assert (len(failed), why) == (2, ["broker ashburn ended while starting", "broker dublin-2 ended while starting"])
    for broker, mark in (("dublin", 1), ("dublin", 2), ("ashburn", 0)):
        last = [state for state, instance, _ in changes(history, broker) if instance == mark]
        assert last[-1] == "started", f"{broker}, {mark}: its roll-back brings it back"
    for commands in (mqlab, other):
        assert left_of(engine.client, commands.latest.name) == []
        shutil.rmtree(commands.home / "runs", ignore_errors=True)
