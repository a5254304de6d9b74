"""Failing over: from the order to kill a pair's active instance to a CONNACK of the other, against the pair bare.

    the lab   the shipped `failover`, its pair's active instance killed by the lab, the other reached through the router
    bare      the same image, files and bounds, both on one plain network and on one volume, MQTT published on 127.0.0.1

Who was killed is started again off the clock, and the roles change with each turn. Both are asked equally often.
"""

from __future__ import annotations

import os
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any, Protocol

from docker.models.containers import Container
from docker.types import IPAMConfig, IPAMPool, Mount

import docker
from bench.article import Article
from bench.startup import Deaf, Stages, _free_ports, _secrets
from lab import clients
from lab.activemq.protocols import MQTT
from lab.amazonmq.files.activemq_xml import DATA_FOLDER
from lab.amazonmq.files.broker_files import KEY_STORE, TRUST_STORE, BrokerFile, broker_files
from lab.amazonmq.files.certificates import LabAuthority
from lab.emulation.brokers.containers import OWNER_UID, options
from lab.emulation.engine import labels, removal
from lab.emulation.engine.containers import File, archive
from lab.emulation.lab import EmulatedLab
from lab.emulation.network import networks
from lab.emulation.network.subnets import candidates, pool
from lab.errors import BrokerError, LabTimeout
from lab.plan.values import BrokerPlan
from lab.runtime.client import Endpoint
from lab.runtime.clock import RealClock
from lab.runtime.owner import Owner
from lab.runtime.state_file import new_run_id

PAIR = "singapore"  # of the shipped scenario
POLL = 0.02  # seconds between two attempts to connect
PATIENCE = 120.0


class Pair(Protocol):
    """A pair whose instances can be killed, started and connected to, by their number."""

    def kill(self, number: int) -> None:
        """End an instance at once."""
        ...

    def start(self, number: int) -> None:
        """Start an instance, and return when it waits for the lock."""
        ...

    def endpoint(self, number: int) -> Endpoint:
        """Return where an instance's MQTT is."""
        ...


def measure(article: Article, *, turns: int) -> dict[str, Any]:
    """Fail over in turns, the lab and bare, and give medians and the ratio."""
    with tempfile.TemporaryDirectory() as name, ExitStack() as closing:
        folder = Path(name)
        lab = closing.enter_context(article.until_bridged().opened(folder, Stages()))
        pairs: dict[str, Pair] = {"lab": OfLab(lab, article), "bare": closing.enter_context(bare(article, folder))}
        seconds: dict[str, list[float]] = {each: [] for each in pairs}
        for turn in range(turns):
            active = 1 + turn % 2
            for each in list(pairs) if turn % 2 else reversed(list(pairs)):
                seconds[each].append(fail_over(pairs[each], active, 3 - active))
    ratios = [ours / plain for ours, plain in zip(seconds["lab"], seconds["bare"], strict=True)]
    return {
        "turns": turns,
        "lab_s": round(statistics.median(seconds["lab"]), 3),
        "bare_s": round(statistics.median(seconds["bare"]), 3),
        # Chance decides when the lock is looked for next, up to a second: medians are compared, not single turns.
        "ratio": round(statistics.median(seconds["lab"]) / statistics.median(seconds["bare"]), 3),
        "ratios": [round(ratio, 3) for ratio in ratios],
    }


def fail_over(pair: Pair, active: int, standby: int) -> float:
    """Kill the active instance and give the seconds until the standby serves; then start the killed one again."""
    begun = time.monotonic()
    pair.kill(active)
    endpoint = pair.endpoint(standby)
    while True:
        try:
            client = clients.connect("mqtt", endpoint, Deaf())
            break
        except (BrokerError, LabTimeout) as error:
            if time.monotonic() - begun > PATIENCE:
                raise SystemExit(f"nobody took over: {error}") from error
            time.sleep(POLL)
    seconds = time.monotonic() - begun
    client.close()
    pair.start(active)
    return seconds


@dataclass(frozen=True, slots=True)
class OfLab:
    """The pair of an open lab."""

    lab: EmulatedLab
    article: Article

    def kill(self, number: int) -> None:
        """End an instance as the step `kill` does."""
        self.lab.instances.kill(PAIR, number)

    def start(self, number: int) -> None:
        """Start an instance as the step `start` does."""
        self.lab.instances.start(PAIR, number)
        _until(lambda: self.lab.instances.started(PAIR, number))

    def endpoint(self, number: int) -> Endpoint:
        """Return the published port."""
        port = self.lab.state.brokers[PAIR].instance(number).ports["mqtt"]
        return _endpoint(self.article, port, Path(self.lab.state.ca_file))


@dataclass(frozen=True, slots=True)
class Bare:
    """Two containers on one volume."""

    containers: tuple[Container, Container]
    ports: tuple[int, int]
    article: Article
    ca_file: Path

    def kill(self, number: int) -> None:
        """End a container, and wait until the engine knows."""
        self.containers[number - 1].kill()
        self.containers[number - 1].wait(timeout=30)

    def start(self, number: int) -> None:
        """Start a container, and read in its log when it waits."""
        its, since = self.containers[number - 1], datetime.now(UTC)
        its.start()
        _until(lambda: b"locked by another server" in its.logs(since=since.replace(tzinfo=None)))

    def endpoint(self, number: int) -> Endpoint:
        """Return the published port."""
        return _endpoint(self.article, self.ports[number - 1], self.ca_file)


@contextmanager
def bare(article: Article, folder: Path) -> Iterator[Bare]:
    """Start the pair without a lab; the first instance serves when this is entered."""
    client, plan, run = article.client, article.plan.broker(PAIR), new_run_id()
    its_labels = labels.of_lab(run, Owner.current(), detached=False)
    subnet = next(candidates(pool(os.environ), networks.taken(client), random.Random(run))).network
    with ExitStack() as closing:
        closing.callback(removal.remove, client, run, RealClock())
        name = f"mqlab-bench-{run}"
        ipam = IPAMConfig(pool_configs=[IPAMPool(subnet=str(subnet))])
        client.networks.create(name, driver="bridge", ipam=ipam, labels={**its_labels, labels.ROLE: "network"})
        client.volumes.create(name, labels={**its_labels, labels.ROLE: "store"})
        addresses, ports = (str(subnet[10]), str(subnet[11])), _free_ports(2)
        authority = LabAuthority.create(datetime.now(UTC))
        ca_file = folder / "bare-ca.pem"
        ca_file.write_bytes(authority.ca_pem())
        files = _files(article, plan, addresses, authority)
        made = [_make(article, name, plan, at, addresses[at], ports[at], files, its_labels) for at in (0, 1)]
        pair = Bare((made[0], made[1]), (ports[0], ports[1]), article, ca_file)
        made[0].start()
        _until(lambda: b" is starting" in made[0].logs())
        made[1].start()
        _until(lambda: b"locked by another server" in made[1].logs() and b") started" in made[0].logs())
        yield pair


def _make(
    article: Article,
    name: str,
    plan: BrokerPlan,
    at: int,
    address: str,
    port: int,
    files: tuple[BrokerFile, ...],
    its_labels: dict[str, str],
) -> Container:
    client: docker.DockerClient = article.client
    container = client.containers.create(
        article.images.broker,
        name=f"{name}-{at + 1}",
        network=name,
        networking_config={name: client.api.create_endpoint_config(ipv4_address=address)},
        ports={f"{MQTT.port}/tcp": ("127.0.0.1", port)},
        environment={"MQLAB_HEAP": f"{plan.heap // 2**20}m"},
        labels={**its_labels, labels.ROLE: "broker"},
        mounts=[Mount(target=DATA_FOLDER, source=name)],
        **options(plan, plan.instances[at], {}),
    )
    packed = [File(path=each.path, content=each.content, mode=0o400, owner=OWNER_UID) for each in files]
    container.put_archive("/", archive(packed))
    return container


def _files(
    article: Article, plan: BrokerPlan, addresses: tuple[str, str], authority: LabAuthority
) -> tuple[BrokerFile, ...]:
    own = _secrets(article.passwords[PAIR])
    names = [its.host_name for its in plan.instances]
    key_store = authority.issue(names, [IPv4Address(each) for each in addresses], own.key_store)
    return (
        *broker_files(plan.activemq_xml, plan.identity.users, own),
        BrokerFile(path=KEY_STORE, content=key_store, secret=True),
        BrokerFile(path=TRUST_STORE, content=authority.trust_store(own.key_store), secret=True),
    )


def _endpoint(article: Article, port: int, ca_file: Path) -> Endpoint:
    user = article.plan.broker(PAIR).users[0]
    password = article.passwords[PAIR][user]
    return Endpoint(host="127.0.0.1", port=port, ca_file=ca_file, user=user, password=password, client_id="bench")


def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            raise SystemExit("an instance of the pair did not get ready")
        time.sleep(POLL)
