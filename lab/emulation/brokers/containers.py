"""The container of one broker instance: files, limits, start. The files' contents come from `lab.amazonmq`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from ipaddress import IPv4Address
from typing import Any

import docker.errors
from docker.models.containers import Container
from docker.types import Mount

import docker
from lab.amazonmq.files.activemq_xml import DATA_FOLDER
from lab.amazonmq.files.broker_files import BrokerFile
from lab.base import settings
from lab.emulation.engine import labels
from lab.emulation.engine.containers import BOUNDED_LOG, Attachment, File, Order, start
from lab.emulation.network.subnets import route_word
from lab.errors import HostError
from lab.plan.values import OF_HOST, BrokerPlan, InstancePlan

OBSERVER = "/opt/mqlab/observer.jar"  # as docker/broker/train.sh makes it
OWNER_UID = 10001  # the image's user `activemq`
# A standby is healthy while it is starting: it waits for the store's lock.
_OF_A_PAIR = {"test": ["CMD-SHELL", "bash /opt/mqlab/health.sh | grep -Eq 'start(ed|ing)'"]}


def start_broker(
    client: docker.DockerClient,
    image: str,
    run: str,
    plan: BrokerPlan,
    instance: InstancePlan,
    endpoint: Attachment,
    router: IPv4Address,
    tcp: str,
    hosts: Mapping[str, str],
    files: tuple[BrokerFile, ...],
    lab_labels: Mapping[str, str],
    order: Order,
) -> str:
    """Start an instance of a broker and return its container's id; it is not ready yet.

    It ends at once if it has another way out than the router, its network's gateway; it waits for its routes to have
    `tcp` as their congestion control.
    The container of a broker for later is made and not started.
    """
    return start(
        client,
        image=image,
        name=f"mqlab-{run}-{instance.name}",
        endpoints=[endpoint],
        files=packed(files),
        ports={},
        labels={**lab_labels, labels.ROLE: "broker", labels.REGION: plan.region, labels.BROKER: instance.name},
        options={**options(plan, instance, hosts), **(_shared(run, plan.name) if len(plan.instances) > 1 else {})},
        environment={
            settings.HEAP.name: f"{plan.heap // 2**20}m",
            settings.ROUTER.name: route_word(router),
            **({} if tcp == OF_HOST else {settings.TCP.name: tcp}),
        },
        order=None if plan.later else order,
        check=partial(check_observer, plan),
    )


def check_observer(plan: BrokerPlan, container: Container) -> None:
    """Raise HostError if a broker is to be observed and its image has no observer, as it did not compile there."""
    if not plan.identity.observe:
        return
    try:
        container.get_archive(OBSERVER)
    except docker.errors.NotFound as error:
        raise HostError(
            f"broker {plan.name}: observe needs an observer, and the image of ActiveMQ {plan.activemq_version} has "
            "none, since the observer's source did not compile there",
            "remove observe (or --observe), or give the broker another engine-version",
        ) from error


def packed(files: Sequence[BrokerFile]) -> list[File]:
    """Return a broker's files with owner and mode; only the broker can read a secret one."""
    return [
        File(path=file.path, content=file.content, mode=0o400 if file.secret else 0o444, owner=OWNER_UID)
        for file in files
    ]


def make_store(client: docker.DockerClient, run: str, broker: str, lab_labels: Mapping[str, str]) -> None:
    """Create the volume that a pair's instances share; its labels have it removed with the lab."""
    name, its_labels = _store(run, broker), {**lab_labels, labels.ROLE: "store", labels.BROKER: broker}
    try:
        client.volumes.create(name, labels=its_labels)
    except docker.errors.APIError as error:
        raise HostError(f"Docker refused the volume {name}: {error.explanation or error}") from error


def remove_store(client: docker.DockerClient, run: str, broker: str) -> None:
    """Remove the volume of a pair whose containers are removed; do nothing for a single broker."""
    try:
        client.volumes.get(_store(run, broker)).remove()
    except docker.errors.NotFound:
        return
    except docker.errors.APIError as error:
        raise HostError(f"Docker did not remove the store of {broker}: {error.explanation or error}") from error


def _shared(run: str, broker: str) -> dict[str, Any]:
    return {"mounts": [Mount(target=DATA_FOLDER, source=_store(run, broker))], "healthcheck": _OF_A_PAIR}


def _store(run: str, broker: str) -> str:
    return f"mqlab-{run}-{broker}-store"


def options(plan: BrokerPlan, instance: InstancePlan, hosts: Mapping[str, str]) -> dict[str, Any]:
    """Return the options of a broker's container: limits, rights, names."""
    return {
        "init": True,
        "hostname": instance.name,
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges"],
        "mem_limit": plan.memory,
        "memswap_limit": plan.memory,
        "pids_limit": 1024,
        # Without "any", the WebSocket connector looks 0.0.0.0 up by name and stalls the start for 10 s.
        "extra_hosts": {**hosts, "any": "0.0.0.0"},
        # The engine's DNS would ask the host's: a lab's names are all in its hosts file, and nothing leaves it.
        "dns": ["127.0.0.1"],
        "dns_opt": ["timeout:1", "attempts:1"],  # a name that the lab does not have fails in 2 s instead of 20
        "log_config": dict(BOUNDED_LOG),
    }
