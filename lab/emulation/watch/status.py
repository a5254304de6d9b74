"""How a living lab is, seen from outside the process that opened it."""

from __future__ import annotations

from dataclasses import dataclass

import docker.errors

import docker
from lab.emulation.brokers.power import ABSENT, DELETED
from lab.emulation.engine import logs
from lab.emulation.lab import EmulatedLab
from lab.emulation.network import links as link_now
from lab.emulation.network.router import Router
from lab.emulation.state import InstanceState, LabState
from lab.emulation.watch import readiness
from lab.history import BridgeSeen, LinkSeen, PacketsDropped
from lab.plan.values import BridgePlan
from lab.runtime.note import Note
from lab.runtime.owner import Owner


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerStatus:
    """One broker now, or one instance of it."""

    name: str
    container: str  # Docker's word: running, exited, gone; or that nobody has created it yet
    health: str  # Docker's word: healthy, starting, unhealthy, none
    version: str | None  # None while it does not answer
    memory: int | None  # bytes in use
    role: str = ""  # of a pair's instance: active, standby; empty where it is neither, or the only one


@dataclass(frozen=True, slots=True, kw_only=True)
class BridgeStatus:
    """One planned bridge now, with its ends as the brokers show them."""

    connector: str
    initiator: str
    responder: str
    duplex: bool
    up: bool
    why_not: str
    ends: tuple[BridgeSeen, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkStatus:
    """One link now."""

    name: str
    round_trip_ms: float | None  # probed just now; None when nothing came back
    directions: tuple[LinkSeen, ...]
    states: tuple[str, ...]  # of these directions: open, cut, reject


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """One lab now."""

    note: Note
    state: LabState
    owner_alive: bool
    brokers: tuple[BrokerStatus, ...]
    bridges: tuple[BridgeStatus, ...]
    links: tuple[LinkStatus, ...]
    dropped: tuple[PacketsDropped, ...]  # by the router, for want of a route or a rule


def look(client: docker.DockerClient, note: Note) -> Status:
    """Ask everything of a lab that there is to ask; parts that are down say so."""
    lab = EmulatedLab(client, note)
    try:
        owner = Owner.parse(note.owner)
        return Status(
            note=note,
            state=lab.state,
            owner_alive=owner is not None and not owner.is_dead(Owner.current()),
            brokers=tuple(_broker(client, lab, its) for its in lab.state.instances if its.broker not in note.deleted),
            bridges=_bridges(client, lab),
            links=_links(lab.router, lab, client),
            dropped=tuple(lab.dropped()) if _router_runs(client, note.run) else (),
        )
    finally:
        lab.let_go()


def _broker(client: docker.DockerClient, lab: EmulatedLab, of: InstanceState) -> BrokerStatus:
    name = of.name
    if not lab.note.replaying and of.broker in lab.note.to_come:
        return BrokerStatus(name=name, container=ABSENT, health="none", version=None, memory=None)
    try:
        container = client.containers.get(of.container)
    except docker.errors.NotFound:
        return BrokerStatus(name=name, container="gone", health="none", version=None, memory=None)
    health = str((container.attrs["State"].get("Health") or {}).get("Status", "none"))
    if container.status != "running":
        return BrokerStatus(name=name, container=container.status, health=health, version=None, memory=None)
    usage = container.stats(stream=False, one_shot=True)
    assert isinstance(usage, dict)  # no stream was asked for
    memory = usage.get("memory_stats", {}).get("usage")
    role = _role(lab, of)
    version = lab.version(of.broker) if not of.mark or role == "active" else None
    if health == "starting" and version is not None:
        health = "healthy"  # Docker asks the same, but only every few seconds
    return BrokerStatus(name=name, container=container.status, health=health, version=version, memory=memory, role=role)


def _bridges(client: docker.DockerClient, lab: EmulatedLab) -> tuple[BridgeStatus, ...]:
    ends = lab.bridges()
    found = []
    for bridge in lab.note.plan.bridges:
        if bridge.initiator in lab.note.deleted:
            continue  # the connector has gone with it
        up = lab.bridge_is_up(bridge)
        found.append(
            BridgeStatus(
                connector=bridge.connector,
                initiator=bridge.initiator,
                responder=bridge.responder,
                duplex=bridge.duplex,
                up=up,
                why_not="" if up else _why_not(client, lab, bridge),
                ends=tuple(
                    end
                    for end in ends
                    if end.connector == bridge.connector and end.broker in (bridge.initiator, bridge.responder)
                ),
            )
        )
    return tuple(found)


def _why_not(client: docker.DockerClient, lab: EmulatedLab, bridge: BridgePlan) -> str:
    for broker in (bridge.initiator, bridge.responder):
        if not lab.note.replaying and broker in lab.note.to_come:
            return f"{broker} is {ABSENT}"
        if broker in lab.note.deleted:
            return f"{broker} is {DELETED}"
    if bridge.instances and lab.active(bridge.responder) not in bridge.instances:
        return readiness.of_the_standby(bridge)
    return readiness.cause(client, lab, bridge)


def _role(lab: EmulatedLab, of: InstanceState) -> str:
    if not of.mark or not lab.stands(of):
        return ""
    return "active" if lab.active(of.broker) == of.number else "standby"


def _router_runs(client: docker.DockerClient, run: str) -> bool:
    return any(name == "router" and each.status == "running" for name, each in logs.containers(client, run))


def _links(router: Router, lab: EmulatedLab, client: docker.DockerClient) -> tuple[LinkStatus, ...]:
    if not _router_runs(client, lab.note.run):
        return ()
    seen = lab.links()
    found = []
    for link in lab.note.plan.links:
        answer = router.ask(link.name, "probe", "--count", "5")
        lost = answer["lost"] == answer["count"]
        found.append(
            LinkStatus(
                name=link.name,
                round_trip_ms=None if lost else round(answer["rtt_us"]["p50"] / 1000, 2),
                directions=tuple(each for each in seen if each.link == link.name),
                states=tuple(way.state for way in link_now.look(router, link)),
            )
        )
    return tuple(found)
