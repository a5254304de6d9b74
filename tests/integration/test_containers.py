"""What stands in the engine: bounds, labels, and no secret where somebody may look."""

from __future__ import annotations

import base64
import json
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from docker.models.containers import Container

from lab.emulation.network.congestion import set_congestion
from lab.emulation.network.router import group_of_router
from lab.runtime.clock import RealClock
from tests.integration.labs import Engine, Standing, output_of, secrets_of

pytestmark = pytest.mark.docker


def containers(lab: Standing) -> Iterator[Container]:
    yield lab.router
    yield from (lab.broker(name) for name in lab.lab.state.brokers)


def test_a_broker_has_no_power_over_anything(article_lab: Standing) -> None:
    for name in article_lab.lab.state.brokers:
        container = article_lab.broker(name)
        host = container.attrs["HostConfig"]
        assert (host["Privileged"], host["CapAdd"], host["CapDrop"]) == (False, None, ["ALL"])
        assert "no-new-privileges" in host["SecurityOpt"]
        assert host["Init"] is True
        assert not host["Binds"] and not host["Devices"] and not container.attrs["Mounts"]
        assert host["Memory"] == host["MemorySwap"] == article_lab.plan.broker(name).memory
        # Not what was asked for, but what the kernel gives the broker itself: the child of init.
        shows = "for p in /proc/[0-9]*; do if [ $(<$p/comm) = java ]; then cat $p/status; fi; done"
        output = output_of(container, "bash", "-c", shows)
        told = dict(line.split(":\t", 1) for line in output.splitlines() if ":\t" in line)
        assert told["Name"].strip() == "java", output
        assert told["Uid"].split() == ["10001"] * 4
        assert told["PPid"].strip() == "1"
        assert [int(told[each], 16) for each in ("CapPrm", "CapEff", "CapBnd", "CapInh", "CapAmb")] == [0] * 5
        assert told["NoNewPrivs"].strip() == "1"


def test_brokers_have_cubic_whatever_the_machine_has(article_lab: Standing) -> None:
    for name in article_lab.lab.state.brokers:
        routes = output_of(article_lab.broker(name), "ip", "-4", "route", "show").splitlines()
        default = output_of(article_lab.broker(name), "cat", "/proc/sys/net/ipv4/tcp_congestion_control")
        routes = [each for each in routes if not each.startswith("blackhole")]  # the sign that they are set
        assert routes and (default.strip() == "cubic" or all("congctl cubic" in each for each in routes)), routes


def test_a_broker_with_connections_keeps_its_congestion_control_when_its_start_is_taken_over(
    article_lab: Standing, engine: Engine
) -> None:
    broker = article_lab.broker("tokyo")
    sockets = output_of(broker, "cat", "/proc/net/tcp", "/proc/net/tcp6").splitlines()
    assert any(" 01 " in each and "0100007F" not in each for each in sockets), "the bridge is a connection"
    before = output_of(broker, "ip", "-4", "route", "show")
    assert broker.id is not None
    set_congestion(engine.client, broker.id, article_lab.router.attrs["Image"], "cubic", RealClock())
    assert output_of(broker, "ip", "-4", "route", "show") == before


def test_the_router_administers_its_networks_and_nothing_else(article_lab: Standing, engine: Engine) -> None:
    host = article_lab.router.attrs["HostConfig"]
    assert (host["Privileged"], host["CapAdd"], host["CapDrop"]) == (False, ["NET_ADMIN"], ["ALL"])
    assert "no-new-privileges" in host["SecurityOpt"]
    assert [each["PathOnHost"] for each in host["Devices"]] == ["/dev/net/tun"]
    assert host["CgroupParent"] == group_of_router(engine.client)
    assert host["NetworkMode"] != "host" and host["PidMode"] == "" and not host["Binds"]
    assert int(output_of(article_lab.router, "grep", "CapBnd", "/proc/self/status").split()[1], 16) == 1 << 12


def test_the_router_can_write_no_file_but_its_sockets(article_lab: Standing) -> None:
    host = article_lab.router.attrs["HostConfig"]
    assert host["ReadonlyRootfs"] is True
    assert {each["Target"]: each["Type"] for each in host["Mounts"]} == {"/etc/mqlab": "volume", "/run": "tmpfs"}
    for path in ("/planted", "/tmp/planted", "/usr/local/bin/planted"):
        code, output = article_lab.router.exec_run(["touch", path])
        assert code != 0 and b"Read-only file system" in output, path
    code, output = article_lab.router.exec_run(["sh", "-c", "cp /bin/true /run/planted && /run/planted"])
    assert code != 0 and b"denied" in output, "what is written there cannot be run"
    article_lab.router.exec_run(["rm", "-f", "/run/planted"])


def test_no_log_grows_without_bound(article_lab: Standing) -> None:
    for container in containers(article_lab):
        kept = container.attrs["HostConfig"]["LogConfig"]
        assert (kept["Type"], kept["Config"]) == ("json-file", {"max-size": "20m", "max-file": "3"}), container.name


def test_only_the_router_is_on_more_than_one_network(article_lab: Standing) -> None:
    networks = {
        container.labels["mqlab.role"]: set(container.attrs["NetworkSettings"]["Networks"])
        for container in containers(article_lab)
    }
    made = article_lab.client.networks.list(filters={"label": f"mqlab.run={article_lab.run}"})
    assert networks["router"] == {network.name for network in made}
    assert len(made) == 3
    for name in article_lab.lab.state.brokers:
        assert len(article_lab.broker(name).attrs["NetworkSettings"]["Networks"]) == 1


def test_everything_carries_the_labels(article_lab: Standing) -> None:
    labelled = {
        container.name.rpartition("-")[2]: {
            key.removeprefix("mqlab."): value
            for key, value in container.labels.items()
            if key in ("mqlab.run", "mqlab.role", "mqlab.region", "mqlab.broker")
        }
        for container in containers(article_lab)
    }
    run = article_lab.run
    assert labelled == {
        "router": {"run": run, "role": "router"},
        "tokyo": {"run": run, "role": "broker", "region": "tokyo", "broker": "tokyo"},
        "singapore": {"run": run, "role": "broker", "region": "singapore", "broker": "singapore"},
    }
    networks = article_lab.client.networks.list(names=[run])
    assert {network.attrs["Labels"]["mqlab.run"] for network in networks} == {run}
    assert {network.attrs["Labels"]["mqlab.role"] for network in networks} == {"network"}
    assert {"tokyo", "singapore"} <= {network.attrs["Labels"]["mqlab.region"] for network in networks}


def test_no_secret_can_be_looked_up(article_lab: Standing) -> None:
    secrets = {article_lab.password(name, "testuser") for name in article_lab.lab.state.brokers}
    for name, broker in article_lab.lab.state.brokers.items():
        secrets |= {broker.management_password, *secrets_of(article_lab.broker(name))}
    users = ("testuser", "mqlab", "activemq-webconsole")
    spelled = secrets | {base64.b64encode(f"{user}:{each}".encode()).decode() for user in users for each in secrets}

    shown = {"the containers' environment": ""}
    for container in containers(article_lab):
        container.reload()
        shown[f"inspect {container.name}"] = json.dumps(container.attrs)
        shown[f"logs {container.name}"] = container.logs().decode(errors="replace")
        shown[f"top {container.name}"] = json.dumps(container.top())
        image = article_lab.client.images.get(container.attrs["Image"])
        shown[f"image of {container.name}"] = json.dumps([image.attrs, image.history()])
    for network in article_lab.client.networks.list(names=[article_lab.run]):
        shown[f"inspect {network.name}"] = json.dumps(article_lab.client.api.inspect_network(network.id))
    for path in article_lab.folder.rglob("*"):
        if path.is_file():
            shown[str(path)] = path.read_bytes().decode(errors="replace")
    assert len(shown) >= 3 * 4 + 3 + 1

    found = {where for where, text in shown.items() for secret in spelled if secret in text}
    assert found == set()
    private = {where for where, text in shown.items() if "PRIVATE KEY" in text}
    assert private == set()


def test_what_the_lab_keeps_for_itself_is_for_its_owner_alone(article_lab: Standing) -> None:
    (file,) = article_lab.note_folder.glob("*.json")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(article_lab.note_folder.stat().st_mode) == 0o700
    kept = file.read_text()
    assert article_lab.password("tokyo", "testuser") not in kept
    assert article_lab.lab.state.brokers["tokyo"].management_password in kept  # what the mode is for


def test_a_broker_reads_its_secrets_and_nobody_else_does(article_lab: Standing) -> None:
    secrets = "/etc/mqlab/secrets.properties"
    output = output_of(article_lab.broker("tokyo"), "stat", "-c", "%a %u %n", "-L", secrets)
    assert output.split()[:2] == ["400", "10001"]
    assert Path("/etc/mqlab").exists() is False  # nothing was written to the host
