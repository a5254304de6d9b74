"""Start-up: a lab opened until both ends are bridged, against its two brokers started bare, in alternating pairs.

    the lab   open_lab without its last wait, for the web consoles, then an MQTT CONNACK from both brokers
    bare      the same image, files and bounds, both at once on one plain network made beforehand, the same ports
              published on 127.0.0.1; until Jolokia says of both that they have started and both gave a CONNACK

Nothing of the bare start is ours but the question put to Jolokia; keys and files are made before its clock starts.
"""

from __future__ import annotations

import os
import random
import secrets
import socket
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

from docker.models.containers import Container
from docker.types import IPAMConfig, IPAMPool
from pydantic import SecretStr

import docker
from bench.article import Article
from lab import clients
from lab.activemq.protocols import ENDPOINTS, JOLOKIA_PORT, MQTT
from lab.amazonmq.files.broker_files import (
    JOLOKIA_USER,
    KEY_STORE,
    TRUST_STORE,
    BrokerFile,
    BrokerSecrets,
    broker_files,
)
from lab.amazonmq.files.certificates import LabAuthority
from lab.emulation.brokers.containers import OWNER_UID, options
from lab.emulation.engine import labels, removal
from lab.emulation.engine.containers import File, archive
from lab.emulation.lab import EmulatedLab
from lab.emulation.network import networks
from lab.emulation.network.published_at import LOOPBACK
from lab.emulation.network.subnets import candidates, pool
from lab.emulation.watch.jolokia import Jolokia
from lab.emulation.watch.management import started_version
from lab.plan.values import BrokerPlan, Plan
from lab.runtime.client import Client, Endpoint
from lab.runtime.clock import RealClock
from lab.runtime.owner import Owner
from lab.runtime.state_file import new_run_id

POLL = 0.1  # seconds, as the lab does
OCEAN_TRIPS = 5  # round trips that a bridge's TLS and OpenWire handshakes take at least
# What the brokers' own logs tell of the way there, in the order it happens.
MOMENTS = {" is starting": "is starting", ") started": "started", "has been established": "bridged"}


class Deaf:
    """Events of a client that nobody listens to."""

    def acknowledged(self, id: str, outcome: object, note: str = "") -> None: ...

    def received(self, message: object) -> None: ...

    def lost(self, why: str) -> None: ...

    def broke(self, error: Exception) -> None:
        """A client's bug must end the bench."""
        raise error


@dataclass(slots=True)
class Stages:
    """A progress that keeps how long each stage took."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, what: str) -> Iterator[None]:
        """Time one stage."""
        started = time.monotonic()
        yield
        self.seconds[what] = time.monotonic() - started

    def say(self, note: str) -> None:
        """Stay silent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """One start: how long it took in all, by stage, and when each broker said what, in seconds from the call."""

    seconds: float
    stages: Mapping[str, float]
    moments: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bare:
    """One broker of the bare start, made ready before the clock starts."""

    plan: BrokerPlan
    files: tuple[BrokerFile, ...]
    address: str
    hosts: Mapping[str, str]
    ports: Mapping[int, int]  # the container's → the host's
    jolokia_password: str
    ca_file: Path
    password: SecretStr

    def connack(self) -> Client:
        """Connect over MQTT, which returns with the CONNACK."""
        endpoint = Endpoint(
            host="127.0.0.1",
            port=self.ports[MQTT.port],
            ca_file=self.ca_file,
            user=self.plan.users[0],
            password=self.password,
            client_id="bench",
        )
        return clients.connect("mqtt", endpoint, Deaf())


def measure(article: Article, *, pairs: int) -> dict[str, Any]:
    """Start both in pairs, whose first alternates, and give medians and the ratio of each pair."""
    ours: list[Start] = []
    bare: list[Start] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for pair in range(pairs):
            runs: list[Callable[[], None]] = [
                lambda: ours.append(open_article(article, folder)),
                lambda: bare.append(start_bare(article, folder)),
            ]
            for run in runs if pair % 2 else reversed(runs):
                run()
    return summary([each.seconds for each in ours], [each.seconds for each in bare], ocean(article.plan)) | {
        "lab_stages_s": _medians([each.stages for each in ours]),
        "lab_moments_s": _medians([each.moments for each in ours]),
        "bare_moments_s": _medians([each.moments for each in bare]),
    }


def ocean(plan: Plan) -> float:
    """Return the seconds that a bridge's handshakes take to cross the plan's link, however quick all else is."""
    (link,) = plan.links
    return OCEAN_TRIPS * sum(way.impairment.delay.total_seconds() for way in link.directions)


def summary(ours: Sequence[float], bare: Sequence[float], ocean_s: float) -> dict[str, Any]:
    """Return medians, and the ratio of each pair, whole and with the ocean's seconds taken off the lab's."""
    ratios = [lab / plain for lab, plain in zip(ours, bare, strict=True)]
    less = [(lab - ocean_s) / plain for lab, plain in zip(ours, bare, strict=True)]
    return {
        "pairs": len(ratios),
        "lab_s": _median(ours),
        "bare_s": _median(bare),
        "ocean_s": round(ocean_s, 4),
        "ratio": _median(ratios),
        "ratios": [round(ratio, 3) for ratio in ratios],
        "ratio_without_ocean": _median(less),
        "ratios_without_ocean": [round(ratio, 3) for ratio in less],
    }


def open_article(article: Article, folder: Path) -> Start:
    """Open the lab once, and close it again off the clock."""
    stages = Stages()
    begun_at, begun = time.time(), time.monotonic()
    with article.until_bridged().opened(folder, stages) as lab:
        with stages.stage("CONNACK from both"), ExitStack() as leaving:
            for client in _both(lambda name: _connack(lab, name), list(lab.state.brokers)):
                leaving.callback(client.close)
            seconds = time.monotonic() - begun
        found = {each.name: article.client.containers.get(each.container) for each in lab.state.instances}
        return Start(seconds=seconds, stages=stages.seconds, moments=_moments(found, begun_at))


def start_bare(article: Article, folder: Path) -> Start:
    """Start the two brokers bare once, and remove them again off the clock."""
    client = article.client
    run = new_run_id()
    its_labels = labels.of_lab(run, Owner.current(), detached=False)
    subnet = next(candidates(pool(os.environ), networks.taken(client), random.Random(run))).network
    with ExitStack() as closing:
        closing.callback(removal.remove, client, run, RealClock())
        ipam = IPAMConfig(pool_configs=[IPAMPool(subnet=str(subnet))])
        network = f"mqlab-bench-{run}"
        client.networks.create(network, driver="bridge", ipam=ipam, labels={**its_labels, labels.ROLE: "network"})
        brokers = _bare_brokers(article, [str(subnet[10 + n]) for n in range(len(article.plan.brokers))], folder)
        begun_at, begun = time.time(), time.monotonic()
        started = _both(lambda broker: _start(client, article.images.broker, network, broker, its_labels), brokers)
        seconds = time.monotonic() - begun
        for _, connected in started:
            connected.close()
        found = {broker.plan.name: container for broker, (container, _) in zip(brokers, started, strict=True)}
        return Start(seconds=seconds, stages={}, moments=_moments(found, begun_at))


def _connack(lab: EmulatedLab, broker: str) -> Client:
    user = lab.note.plan.broker(broker).users[0]
    return lab.connect(client="bench", broker=broker, over="mqtt", user=user, events=Deaf())


def _bare_brokers(article: Article, addresses: Sequence[str], folder: Path) -> list[Bare]:
    authority = LabAuthority.create(datetime.now(UTC))
    ca_file = folder / "ca.pem"
    ca_file.write_bytes(authority.ca_pem())
    brokers = article.plan.brokers
    hosts = {broker.host_name: address for broker, address in zip(brokers, addresses, strict=True)}
    published = [*(endpoint.port for endpoint in ENDPOINTS), JOLOKIA_PORT]
    ports = iter(_free_ports(len(published) * len(brokers)))
    return [
        Bare(
            plan=broker,
            files=_files(broker, address, own, authority),
            address=address,
            hosts=hosts,
            ports={port: next(ports) for port in published},
            jolokia_password=own.jolokia,
            ca_file=ca_file,
            password=article.passwords[broker.name][broker.users[0]],
        )
        for broker, address in zip(brokers, addresses, strict=True)
        for own in [_secrets(article.passwords[broker.name])]
    ]


def _files(broker: BrokerPlan, address: str, own: BrokerSecrets, authority: LabAuthority) -> tuple[BrokerFile, ...]:
    key_store = authority.issue([broker.host_name, broker.name], [IPv4Address(address)], own.key_store)
    return (
        *broker_files(broker.activemq_xml, broker.identity.users, own),
        BrokerFile(path=KEY_STORE, content=key_store, secret=True),
        BrokerFile(path=TRUST_STORE, content=authority.trust_store(own.key_store), secret=True),
    )


def _secrets(passwords: Mapping[str, SecretStr]) -> BrokerSecrets:
    return BrokerSecrets(
        users={user: password.get_secret_value() for user, password in passwords.items()},
        key_store=secrets.token_urlsafe(18),
        console=secrets.token_urlsafe(18),
        jolokia=secrets.token_urlsafe(18),
    )


def _start(
    client: docker.DockerClient, image: str, network: str, broker: Bare, its_labels: Mapping[str, str]
) -> tuple[Container, Client]:
    container = client.containers.create(
        image,
        name=f"{network}-{broker.plan.name}",
        network=network,
        networking_config={network: client.api.create_endpoint_config(ipv4_address=broker.address)},
        ports={f"{inside}/tcp": ("127.0.0.1", outside) for inside, outside in broker.ports.items()},
        environment={"MQLAB_HEAP": f"{broker.plan.heap // 2**20}m"},
        labels={**its_labels, labels.ROLE: "broker", labels.BROKER: broker.plan.name},
        **options(broker.plan, broker.plan.instances[0], broker.hosts),
    )
    files = [
        File(path=file.path, content=file.content, mode=0o400 if file.secret else 0o444, owner=OWNER_UID)
        for file in broker.files
    ]
    container.put_archive("/", archive(files))
    container.start()
    management = Jolokia(broker.plan.name, LOOPBACK, broker.ports[JOLOKIA_PORT], JOLOKIA_USER, broker.jolokia_password)
    try:
        deadline = time.monotonic() + 120
        while started_version(management) is None:
            if time.monotonic() > deadline:
                raise SystemExit(f"{broker.plan.name} did not start bare:\n{container.logs(tail=12).decode()}")
            time.sleep(POLL)
    finally:
        management.close()
    return container, broker.connack()


def _both(do: Any, things: Sequence[Any]) -> list[Any]:
    with ThreadPoolExecutor(max_workers=len(things)) as pool:
        return list(pool.map(do, things))


def _moments(brokers: Mapping[str, Container], begun: float) -> dict[str, float]:
    """Return when each broker's container ran and what its log said when, from the call on."""
    found = {}
    for name, container in brokers.items():
        container.reload()
        found[f"{name}: container runs"] = _when(container.attrs["State"]["StartedAt"]) - begun
        for line in container.logs(timestamps=True).decode(errors="replace").splitlines():
            for sign, moment in MOMENTS.items():
                if (sign in line and "Apache ActiveMQ" in line) or (sign == "has been established" and sign in line):
                    found.setdefault(f"{name}: {moment}", _when(line.split(" ", 1)[0]) - begun)
    return dict(sorted(found.items(), key=lambda each: each[1]))


def _when(text: str) -> float:
    """Read Docker's time, whose nanoseconds Python cannot."""
    return datetime.fromisoformat(text[:26].rstrip("Z") + "+00:00").timestamp()


def _median(numbers: Sequence[float]) -> float:
    return round(statistics.median(numbers), 3)


def _medians(of: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Return the median of each figure that every run has."""
    return {name: _median([each[name] for each in of]) for name in of[0] if all(name in each for each in of)}


def _free_ports(count: int) -> list[int]:
    with ExitStack() as closing:
        held = [closing.enter_context(socket.socket()) for _ in range(count)]
        for probe in held:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in held]
