"""A broker that is created in an open lab: its places, its containers with their files, its name in other brokers.

The containers are made and not started, as those of a broker for later.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from ipaddress import IPv4Network
from pathlib import Path

import docker.errors
from msgspec import structs

import docker
from lab.amazonmq.files.certificates import LabAuthority
from lab.amazonmq.files.vault import Vault
from lab.emulation.brokers.containers import make_store, remove_store, start_broker
from lab.emulation.brokers.credentials import Credentials
from lab.emulation.engine import labels
from lab.emulation.engine.commands import run_inside
from lab.emulation.engine.containers import Attachment, Order
from lab.emulation.network.networks import region_network
from lab.emulation.network.subnets import Subnet
from lab.emulation.state import BrokerState, InstanceState, LabState, PlaceState
from lab.errors import HostError
from lab.plan.values import BrokerPlan
from lab.runtime.clock import Clock
from lab.runtime.owner import Owner
from lab.runtime.runtime import Addition
from lab.runtime.state_file import StateFile


def make(
    client: docker.DockerClient,
    note: StateFile,
    state: LabState,
    addition: Addition,
    folder: Path,
    image: str,
    host: str,
) -> tuple[LabState, Vault]:
    """Make the containers of a broker in free places, and return the lab's state with the broker, and its vault.

    The folder is that of the state files; clients reach the ports at `host`.
    """
    plan = addition.plan.broker(addition.broker)
    others = {name: each for name, each in state.brokers.items() if name != plan.name}
    there = {each.name for each in addition.control.account.brokers}
    places = _free(state, plan, [each for name, each in others.items() if name in there])
    authority = LabAuthority.of_pem(state.authority, datetime.now(UTC))
    credentials = Credentials({plan.name: addition.passwords}, (), addition.control, datetime.now(UTC), host, authority)
    own = [each.own_address for each in places if each.own_address]
    files = credentials.files(plan, [*(each.address for each in places), *own])
    owner = Owner.parse(note.owner) or Owner.current()
    its_labels = labels.of_lab(note.run, owner, detached=note.detached) | labels.places(folder, Path(note.folder))
    for each in plan.instances:  # a request that was interrupted may have left them
        with suppress(docker.errors.NotFound):
            client.containers.get(f"mqlab-{note.run}-{each.name}").remove(force=True, v=True)
    remove_store(client, note.run, plan.name)
    if len(plan.instances) > 1:
        make_store(client, note.run, plan.name, its_labels)
    router = Subnet(network=IPv4Network(state.networks[plan.region])).gateway
    names = names_in(
        note.with_fields(plan=addition.plan, control=addition.control),
        others,
        {its.host_name: at.address for its, at in zip(plan.instances, places, strict=True)},
    )
    instances = tuple(
        InstanceState(
            broker=plan.name,
            name=its.name,
            number=its.number,
            container=start_broker(
                client,
                image,
                note.run,
                plan,
                its,
                Attachment(network=region_network(note.run, plan.region), address=place.address),
                router,
                addition.plan.tcp,
                names,
                files,
                its_labels,
                Order(),
            ),
            address=place.address,
            ports=place.ports,
            management_port=place.management_port,
            own_address=place.own_address,
        )
        for its, place in zip(plan.instances, places, strict=True)
    )
    made = BrokerState(instances=instances, management_password=credentials.management(plan.name))
    return structs.replace(state, brokers={**others, plan.name: made}), credentials.vaults[plan.name]


def names_in(note: StateFile, brokers: Mapping[str, BrokerState], more: Mapping[str, str] = {}) -> dict[str, str]:
    """Return the address of each host name of brokers that have containers, and `more`; deleted brokers have none."""
    addresses = {its.name: its.address for each in brokers.values() for its in each.instances}
    known = (
        its
        for broker in note.plan.brokers
        if broker.name in brokers and broker.name not in note.deleted
        for its in broker.instances
    )
    return {its.host_name: addresses[its.name] for its in known} | dict(more)


def tell_names(client: docker.DockerClient, containers: Iterable[str], names: Mapping[str, str], clock: Clock) -> None:
    """Add host names to the hosts files of running containers that were made before the names' brokers.

    The engine writes the file anew at each start.
    """
    for each in containers:
        with suppress(docker.errors.NotFound):
            found = client.containers.get(each)
            if found.status != "running" or not names:
                continue
            script = hosts_script(names)
            try:
                run_inside(found, ["sh", "-c", script], clock, user="0")
            except docker.errors.APIError as error:
                found.reload()
                if found.status == "running":
                    raise HostError(f"{found.name}: a new broker's name was not added: {error.explanation}") from error


def hosts_script(names: Mapping[str, str], file: str = "/etc/hosts") -> str:
    """Return a shell script that adds host names to a hosts file, without the names that other brokers had before.

    The engine mounts the file, so that it cannot be replaced. It is written anew only if a name has to go.
    """
    lines = "\\n".join(f"{address} {name}" for name, address in names.items())
    addresses = "|".join(re.escape(address) for address in dict.fromkeys(names.values()))
    ours = f"^({addresses})[[:space:]]+[^[:space:]]+[.]mq[.]"
    return f"""lines=$(printf '{lines}')
if grep -E '{ours}' {file} | tr '\\t' ' ' | grep -qvxF "$lines"; then
kept=$(grep -vE '{ours}' {file}); printf '%s\\n' "$kept" "$lines" > {file}
else present=$(tr '\\t' ' ' < {file}); printf '%s\\n' "$lines" | grep -vxF "$present" >> {file}
fi; echo done"""


def _free(state: LabState, broker: BrokerPlan, others: Iterable[BrokerState]) -> Sequence[PlaceState]:
    used = {its.address for each in others for its in each.instances}
    earlier = {its.address for its in state.instances}  # deleted brokers had them: old names lead to these addresses
    free = [each for each in state.places if each.region == broker.region and each.address not in used]
    free.sort(key=lambda each: each.address in earlier)
    if len(free) < len(broker.instances):
        raise HostError(f"the lab has no place left for {broker.name} in {broker.region}", "delete a broker")
    return free[: len(broker.instances)]
