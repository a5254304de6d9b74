"""`mqlab up --detach`, and all that one does with a lab that stays: status, logs, other clients, down."""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import urllib.parse
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest

from lab.emulation.engine import labels, removal
from lab.emulation.network.policy import policy
from lab.emulation.network.router import Router
from lab.emulation.state import read as read_state
from lab.network import peerings
from lab.runtime import state_file as state_files
from lab.runtime.clock import RealClock
from lab.runtime.owner import Owner
from tests.command import Commands, Ended
from tests.integration.labs import Engine, eventually, left_of, no_other_sweep, opens, reach, secrets_of

pytestmark = pytest.mark.docker

TOPIC = "MQ Test Singapore-to-Tokyo"


@pytest.fixture(scope="module")
def asked_for() -> int:
    """A port that is free, where neither labs nor programs that call somebody take theirs."""
    for port in range(18000, 20000):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise OSError("no port of 2000 is free")


@pytest.fixture(scope="module")
def stand(engine: Engine, asked_for: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Commands, Ended]]:
    """A detached lab, Tokyo's MQTT at a port that was asked for, and what `up` said."""
    mqlab = Commands(folder=tmp_path_factory.mktemp("standing"))
    ended = mqlab("up", "tokyo-singapore", "--detach", "--set", f"brokers.tokyo.ports.mqtt={asked_for}")
    assert ended.code == 0, ended
    yield mqlab, ended
    gone = mqlab("down", mqlab.latest.name)
    assert gone.code in (0, 2), gone  # 2: a test has ended it
    assert left_of(engine.client, mqlab.latest.name) == []


def printed(text: str, broker: str, scheme: str) -> tuple[str, int]:
    """Return host and port of an endpoint from what `up` printed."""
    section = re.split(r"\n(?=\w+ · )", text)
    (mine,) = [each for each in section if each.startswith(f"{broker} · ")]
    found = re.search(rf"{re.escape(scheme)}://\S+", mine)
    assert found, mine
    url = urllib.parse.urlsplit(found[0])
    assert url.hostname and url.port
    return url.hostname, url.port


def password(mqlab: Commands) -> str:
    """Return testuser's, which is the same on both brokers, as `mqlab env` gives it."""
    users = [each["users"] for each in mqlab("env", "--json").json["brokers"].values()]
    assert users[0] == users[1]
    found = users[0]["testuser"]
    assert isinstance(found, str)
    return found


def ca_file(text: str) -> str:
    found = re.search(r"^CA file\s+(\S+)$", text, re.MULTILINE)
    assert found, text
    return found[1]


def test_up_prints_all_that_a_client_needs(stand: tuple[Commands, Ended]) -> None:
    mqlab, ended = stand
    for broker in ("tokyo", "singapore"):
        schemes = ("ssl", "amqp+ssl", "stomp+ssl", "mqtt+ssl", "wss", "https")
        ports = {printed(ended.out, broker, scheme)[1] for scheme in schemes}
        assert len(ports) == 6
    assert "testuser" in ended.out
    assert ca_file(ended.out) == str(mqlab.latest / "ca.pem")
    assert f"mqlab down {mqlab.latest.name}" in ended.err


@pytest.mark.release
def test_a_port_that_was_asked_for_leads_to_its_broker_and_is_named_while_it_is_taken(
    stand: tuple[Commands, Ended], asked_for: int, engine: Engine
) -> None:
    mqlab, ended = stand
    assert printed(ended.out, "tokyo", "mqtt+ssl") == ("localhost", asked_for)
    (router,) = engine.client.containers.list(
        filters={"label": [f"mqlab.run={mqlab.latest.name}", "mqlab.role=router"]}
    )
    bound = [each for its in router.attrs["NetworkSettings"]["Ports"].values() for each in its or ()]
    assert [each["HostIp"] for each in bound if int(each["HostPort"]) == asked_for] == ["127.0.0.1"]
    before = {each.name for each in (mqlab.home / "runs").iterdir()}
    again = mqlab("up", "tokyo-singapore", "--set", f"brokers.tokyo.ports.mqtt={asked_for}")
    assert (again.code, again.out) == (3, "")
    assert f"port {asked_for} of 127.0.0.1, for mqtt of tokyo, is taken" in again.err
    assert {each.name for each in (mqlab.home / "runs").iterdir()} == before
    checked = mqlab("check", "tokyo-singapore", "--port-base", str(asked_for - 3))
    assert f"port {asked_for} of 127.0.0.1, for mqtt of tokyo, is taken" in checked.out


def test_messages_cross_through_the_printed_endpoints(stand: tuple[Commands, Ended]) -> None:
    """With mosquitto's own clients where they are installed (Debian: mosquitto-clients), else with paho."""
    mqlab, ended = stand
    tools = shutil.which("mosquitto_sub") and shutil.which("mosquitto_pub")
    crosses = _mosquitto if tools else _paho
    hear, say = (printed(ended.out, broker, "mqtt+ssl") for broker in ("tokyo", "singapore"))
    crosses(hear, say, ca_file(ended.out), password(mqlab))


def _mosquitto(hear: tuple[str, int], say: tuple[str, int], ca: str, password: str) -> None:
    def words(tool: str, where: tuple[str, int]) -> list[str]:
        login = ["-u", "testuser", "-P", password]
        return [tool, "--cafile", ca, "-h", where[0], "-p", str(where[1]), *login, "-t", TOPIC, "-q", "1"]

    with subprocess.Popen(
        [*words("mosquitto_sub", hear), "-C", "1", "-W", "60"], stdout=subprocess.PIPE, text=True
    ) as listening:

        def said_and_heard() -> bool:  # the bridge forwards once it has learnt of the subscription
            subprocess.run([*words("mosquitto_pub", say), "-m", "over the ocean"], check=True, timeout=30)
            return listening.poll() is not None

        assert eventually(said_and_heard, 60)
        assert listening.stdout is not None
        assert (listening.stdout.read(), listening.returncode) == ("over the ocean\n", 0)


def _paho(hear: tuple[str, int], say: tuple[str, int], ca: str, password: str) -> None:
    def connected(where: tuple[str, int]) -> paho.Client:
        client = paho.Client(paho.CallbackAPIVersion.VERSION2)
        client.tls_set(ca_certs=ca)
        client.username_pw_set("testuser", password)
        client.connect(*where)
        client.loop_start()
        return client

    heard: list[bytes] = []
    listening, saying = connected(hear), connected(say)
    listening.on_message = lambda client, data, message: heard.append(message.payload)
    listening.subscribe(TOPIC, qos=1)

    def said_and_heard() -> bool:
        saying.publish(TOPIC, "over the ocean", qos=1)
        return bool(heard)

    assert eventually(said_and_heard, 60)
    assert heard[0] == b"over the ocean"
    for client in (listening, saying):
        client.disconnect()
        client.loop_stop()


def test_status_shows_brokers_bridge_ends_and_the_link(stand: tuple[Commands, Ended], engine: Engine) -> None:
    mqlab, _ = stand
    ended = mqlab("status", "--json")
    assert ended.code == 0, ended
    (lab,) = ended.json
    assert (lab["run"], lab["detached"]) == (mqlab.latest.name, True)
    assert {each["name"]: each["container"] for each in lab["broker_status"]} == {
        "tokyo": "running",
        "singapore": "running",
    }
    assert {each["version"] for each in lab["broker_status"]} == {"5.18.3"}
    (bridge,) = lab["bridges"]
    ends = {end["broker"]: end for end in bridge["ends"]}
    assert bridge["up"] is True
    assert {name: end["created_by_duplex"] for name, end in ends.items()} == {"tokyo": False, "singapore": True}
    assert ends["tokyo"]["remote_address"].endswith(":61617")
    (link,) = lab["links"]
    assert {each["configured_delay_ms"] for each in link["directions"]} == {35.275} or len(link["directions"]) == 2
    assert link["round_trip_ms"] >= sum(each["configured_delay_ms"] for each in link["directions"]) - 1
    told = mqlab("status")
    assert told.code == 0 and "connector_tokyo_to_singapore" in told.out
    watching = mqlab.start("status", "--watch", "--interval", "300ms")
    assert watching.stdout is not None
    blocks = [list(itertools.takewhile(lambda line: line != "events\n", watching.stdout)) for _ in range(2)]
    watching.send_signal(signal.SIGINT)
    left, _ = watching.communicate(timeout=60)
    assert watching.returncode == 0, left
    assert all("brokers\n" in block and "links\n" in block for block in blocks), blocks
    no_secret(engine, mqlab, ended.out, ended.err, told.out, told.err, *itertools.chain(*blocks))


def no_secret(engine: Engine, mqlab: Commands, *texts: str) -> None:
    labelled = {"label": [f"mqlab.run={mqlab.latest.name}", "mqlab.role=broker"]}
    secrets = {password(mqlab)}
    for container in engine.client.containers.list(filters=labelled):
        secrets |= secrets_of(container)
    assert len(secrets) > 5
    assert not [each for each in secrets if any(each in text for text in texts)]


def test_no_secret_is_said_or_kept(stand: tuple[Commands, Ended], engine: Engine) -> None:
    mqlab, ended = stand
    kept = [path.read_text(errors="replace") for path in mqlab.latest.rglob("*") if path.is_file()]
    assert len(kept) >= 5
    logs = [mqlab("logs", name).out for name in ("tokyo", "singapore", "router")]
    no_secret(engine, mqlab, ended.out, ended.err, *kept, *logs)


def test_a_shell_has_what_a_client_needs(stand: tuple[Commands, Ended], tmp_path: Path) -> None:
    """And a program gets the same from a file that nobody else can read."""
    mqlab, ended = stand
    file = tmp_path / "lab.env"
    told = mqlab("env", mqlab.latest.name, "--dotenv", "--output", file)
    assert (told.code, told.err) == (0, "") and password(mqlab) not in told.out
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    written = dict(line.split("=", 1) for line in file.read_text().splitlines())
    assert written["MQLAB_TOKYO_PASSWORD"] == written["MQLAB_SINGAPORE_PASSWORD"] == password(mqlab)
    assert written["MQLAB_TOKYO_MQTT_PORT"] == str(printed(ended.out, "tokyo", "mqtt+ssl")[1])
    script = 'eval "$1"; echo "$MQLAB_TOKYO_USER $MQLAB_TOKYO_PASSWORD $MQLAB_CA_FILE"'
    shell = ["sh", "-c", script, "sh", mqlab("env", "--shell").out]
    heard = subprocess.run(shell, capture_output=True, text=True, check=True).stdout
    assert heard == f"testuser {password(mqlab)} {ca_file(ended.out)}\n"


def test_logs_are_those_of_the_one_named(stand: tuple[Commands, Ended]) -> None:
    mqlab, _ = stand
    assert "(tokyo, " in mqlab("logs", "tokyo").out
    assert "router ready" in mqlab("logs", "router").out
    assert len(mqlab("logs", "singapore", "--tail", "3").out.splitlines()) == 3
    unknown = mqlab("logs", "atlantis")
    assert unknown.code == 2 and "name one of: router, singapore, tokyo" in unknown.err


def test_links_are_changed_by_hand(stand: tuple[Commands, Ended]) -> None:
    mqlab, _ = stand
    link, ways = "tokyo-singapore", {"tokyo", "singapore"}
    cut = mqlab("link", "cut", link, "--leaving", "tokyo", "--json")
    assert (cut.code, {each["leaving"]: each["state"] for each in cut.json}) == (
        0,
        {"tokyo": "cut", "singapore": "open"},
    )
    (told,) = mqlab("status", "--json").json[0]["links"]
    assert (told["states"], told["round_trip_ms"]) == (["cut", "open"], None)
    route = ("routes", "--from", "tokyo", "--to", "singapore", "--destination", "topic://prices", "--json")
    (stopped,) = mqlab(*route).json
    assert stopped["arrives"] == "never"
    assert stopped["stopped_by"][0].endswith("the link tokyo-singapore is cut from tokyo to singapore")
    assert mqlab("link", "heal").code == 0
    (open_again,) = mqlab(*route).json
    assert open_again["arrives"] == "always"
    worse = mqlab("link", "impair", "--delay", "40ms", "--jitter", "1ms", "--leaving", "singapore")
    assert worse.code == 0, worse
    now = {each["leaving"]: each for each in mqlab("link", "list", "--json").json}
    assert {each["state"] for each in now.values()} == {"open"} and set(now) == ways
    assert (now["singapore"]["delay_us"], now["singapore"]["jitter_us"]) == (40_000, 1_000)
    assert now["tokyo"]["delay_us"] < 36_000, "the other direction is as it was"
    unknown = mqlab("link", "cut", "tokyo-osaka")
    assert (unknown.code, "links of this lab: tokyo-singapore" in unknown.err) == (2, True)


@pytest.mark.release
def test_the_next_command_finds_what_others_have_done_to_brokers_and_router(
    stand: tuple[Commands, Ended], engine: Engine
) -> None:
    mqlab, _ = stand
    run = mqlab.latest.name
    note = state_files.load(run, mqlab.state)
    assert note is not None
    state = read_state(note)
    its = {each.name: each for each in state.instances}
    tokyo, singapore = (engine.client.containers.get(its[name].container) for name in ("tokyo", "singapore"))
    tried = (tokyo, its["singapore"].address, 61617)
    router = Router(engine.client, state.router, RealClock())
    try:
        # as a command leaves it that is killed before it has noted what it did
        parted = peerings.delete(note.plan.network, peering=note.plan.network.peerings[0].name, at=timedelta(0))
        router.set_policy(policy(parted, {name: each.address for name, each in its.items()}))
        assert reach(*tried) != "open"
        assert mqlab("link", "heal").code == 0
        assert opens(*tried)
        singapore.kill()
        assert reach(*tried) != "refused"
        assert mqlab("link", "heal").code == 0
        assert reach(*tried) == "refused", "a broker that is down refuses, whoever ended it"
        rebooted = mqlab("broker", "reboot", "tokyo")
        assert rebooted.code == 0, rebooted
        assert reach(*tried) == "refused", "another broker's reboot does not change that"
        rebooted = mqlab("broker", "reboot", "singapore")
        assert rebooted.code == 0, rebooted
        assert opens(*tried)
    finally:
        router.release()
        singapore.start()  # harmless where it runs


@pytest.mark.release
def test_a_sweep_takes_what_the_dead_left_and_leaves_the_living_alone(
    stand: tuple[Commands, Ended], engine: Engine, request: pytest.FixtureRequest
) -> None:
    mqlab, _ = stand
    standing = left_of(engine.client, mqlab.latest.name)
    assert len(standing) == 6
    dead = subprocess.Popen(["true"])
    here = Owner.current()
    dead_owner = Owner(host=here.host, boot=here.boot, pid=dead.pid, started=here.started)
    dead.wait()
    with no_other_sweep():
        owners = {"living": here, "dead": dead_owner}
        made = {}
        for name, owner in owners.items():
            run = f"test-{name}-{os.getpid()}"
            made[name] = run
            request.addfinalizer(lambda run=run: removal.remove(engine.client, run, RealClock()))
            its = {**labels.of_lab(run, owner, detached=False), labels.ROLE: "network"}
            engine.client.networks.create(f"mqlab-{run}", labels=its)
        only_told = mqlab("sweep", "--dry-run", "--json")
        assert made["dead"] in {each["run"] for each in only_told.json}
        assert left_of(engine.client, made["dead"])
        swept = mqlab("sweep", "--json")
        assert swept.code == 0, swept
        runs = {each["run"] for each in swept.json}
        assert made["dead"] in runs and not {made["living"], mqlab.latest.name} & runs
        assert left_of(engine.client, made["dead"]) == []
        assert left_of(engine.client, made["living"]) == [f"mqlab-{made['living']}"]
        assert left_of(engine.client, mqlab.latest.name) == standing


def test_down_leaves_nothing(stand: tuple[Commands, Ended], engine: Engine) -> None:
    mqlab, _ = stand
    run = mqlab.latest.name
    ended = mqlab("down", "--json")
    assert (ended.code, ended.json) == (0, {run: 6})
    assert left_of(engine.client, run) == []
    assert list(mqlab.state.glob("*")) == []
    assert {path.name for path in (mqlab.latest / "logs").iterdir()} == {"router.log", "tokyo.log", "singapore.log"}
    again = mqlab("down")
    assert again.code == 2 and "no lab is running" in again.err
    answer: Any = mqlab("status", "--json").json
    assert answer == []
