"""The status of a running lab, read from its containers, its brokers and its router."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress

import docker.errors

import docker
from lab.emulation.engine import logs
from lab.emulation.network.links import Links
from lab.emulation.state import InstanceState, LabState
from lab.emulation.watch import readiness
from lab.emulation.watch.management import Management
from lab.history import PacketsDropped
from lab.plan.values import BridgePlan
from lab.runtime.owner import Owner
from lab.runtime.state_file import StateFile
from lab.runtime.status import (
    ABSENT,
    DELETED,
    BridgeStatus,
    BrokerStatus,
    LinkStatus,
    Status,
    shown_cause,
    waiting_since,
)


def look(
    client: docker.DockerClient,
    note: StateFile,
    state: LabState,
    management: Management,
    links: Links,
    dropped: Callable[[], Sequence[PacketsDropped]],
) -> Status:
    """Return the status of a lab; links and drops are empty while the router does not run."""
    owner = Owner.parse(note.owner)
    its = logs.containers(client, note.run)
    routed = any(name == "router" and each.status == "running" for name, each in its)
    brokers = tuple(_broker(client, note, management, its) for its in state.instances if its.broker not in note.deleted)
    seen = _links(note, links) if routed else ()
    return Status(
        note=note,
        whereabouts=state.whereabouts(),
        owner_alive=owner is not None and not owner.is_dead(Owner.current()),
        brokers=brokers,
        bridges=_bridges(client, note, state, management, lambda bridge: shown_cause(note.plan, bridge, brokers, seen)),
        links=seen,
        dropped=tuple(dropped()) if routed else (),
    )


def _broker(
    client: docker.DockerClient, note: StateFile, management: Management, instance: InstanceState
) -> BrokerStatus:
    name = instance.name
    if not note.replaying and instance.broker in note.not_created:
        return BrokerStatus(name=name, container=ABSENT, health="none", version=None, memory=None)
    try:
        container = client.containers.get(instance.container)
    except docker.errors.NotFound:
        return BrokerStatus(name=name, container="gone", health="none", version=None, memory=None)
    health = str((container.attrs["State"].get("Health") or {}).get("Status", "none"))
    if container.status != "running":
        return BrokerStatus(name=name, container=container.status, health=health, version=None, memory=None)
    try:
        usage = container.stats(stream=False, one_shot=True)
    except (docker.errors.NotFound, ValueError):  # nothing is said of a container that has just ended
        state = "gone"
        with suppress(docker.errors.NotFound):
            container.reload()
            state = container.status
        return BrokerStatus(name=name, container=state, health="none", version=None, memory=None)
    assert isinstance(usage, dict)  # no stream was asked for
    memory = usage.get("memory_stats", {}).get("usage")
    role = _role(management, instance)
    version = management.version(instance.broker) if not instance.mark or role == "active" else None
    if health == "starting" and version is not None:
        health = "healthy"  # Docker tests the same, but only every few seconds
    return BrokerStatus(name=name, container=container.status, health=health, version=version, memory=memory, role=role)


def _bridges(
    client: docker.DockerClient,
    note: StateFile,
    state: LabState,
    management: Management,
    shown: Callable[[BridgePlan], str],
) -> tuple[BridgeStatus, ...]:
    ends = management.bridges()
    found = []
    for bridge in note.plan.bridges:
        if bridge.initiator in note.deleted:
            continue  # the connector has gone with it
        up = management.bridge_is_up(bridge)
        why_not = None if up else _why_not(client, note, state, management, bridge, shown)
        found.append(BridgeStatus.of(bridge, ends, why_not))
    return tuple(found)


def _why_not(
    client: docker.DockerClient,
    note: StateFile,
    state: LabState,
    management: Management,
    bridge: BridgePlan,
    shown: Callable[[BridgePlan], str],
) -> str:
    for broker in (bridge.initiator, bridge.responder):
        if not note.replaying and broker in note.not_created:
            return f"{broker} is {ABSENT}"
        if broker in note.deleted:
            return f"{broker} is {DELETED}"
    if found := shown(bridge):
        return found
    if bridge.instances and management.active(bridge.responder) not in bridge.instances:
        return readiness.why_not_active(bridge)
    hosts = (each.host_name for each in note.plan.broker(bridge.responder).instances)
    waits = waiting_since(readiness.recent_lines(client, state, bridge.initiator), hosts)
    return "; ".join(filter(None, (readiness.cause(client, state, bridge), waits)))


def _role(management: Management, instance: InstanceState) -> str:
    if not instance.mark or not management.is_ready(instance):
        return ""
    return "active" if management.active(instance.broker) == instance.number else "standby"


def _links(note: StateFile, links: Links) -> tuple[LinkStatus, ...]:
    seen = links.counters()
    return tuple(
        LinkStatus(
            name=link.name,
            round_trip_ms=links.round_trip(link.name),
            directions=tuple(each for each in seen if each.link == link.name),
            states=tuple(way.state for way in links.now(link.name)),
        )
        for link in note.plan.links
    )
