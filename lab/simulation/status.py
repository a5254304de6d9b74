"""The status of a simulated lab, from the models."""

from __future__ import annotations

from collections.abc import Sequence

from lab.history import LinkSeen, PacketsDropped
from lab.link.impairment import MICROSECOND, LinkState
from lab.plan.values import BridgePlan
from lab.runtime.lab import Links, Management
from lab.runtime.state_file import StateFile
from lab.runtime.status import (
    ABSENT,
    DELETED,
    PAUSED,
    STARTING,
    STOPPING,
    UP,
    BridgeStatus,
    BrokerStatus,
    DirectionNow,
    LinkStatus,
    Status,
    Whereabouts,
    shown_cause,
    waiting_since,
)
from lab.simulation.instances import Instance, Instances

_CONTAINER = {UP: "running", STARTING: "running", STOPPING: "running", PAUSED: "paused", ABSENT: ABSENT}


def look(
    note: StateFile,
    where: Whereabouts,
    instances: Instances,
    management: Management,
    links: Links,
    dropped: Sequence[PacketsDropped],
) -> Status:
    """Return the status of all parts of a lab."""
    ends, counters = management.bridges(), links.counters()
    brokers = tuple(_broker(note, instances, its) for its in instances.all if its.state != DELETED)
    shown = tuple(_link(link.name, counters, links.now(link.name)) for link in note.plan.links)

    def why_not(bridge: BridgePlan) -> str | None:
        if management.bridge_is_up(bridge):
            return None
        if cause := shown_cause(note.plan, bridge, brokers, shown):
            return cause
        lines = (line for each in instances.all if each.broker == bridge.initiator for line in each.log.tail(None))
        hosts = (each.host_name for each in note.plan.broker(bridge.responder).instances)
        return waiting_since(lines, hosts) or "see the logs of both ends"

    return Status(
        note=note,
        whereabouts=where,
        owner_alive=True,
        brokers=brokers,
        bridges=tuple(BridgeStatus.of(bridge, ends, why_not(bridge)) for bridge in note.plan.bridges),
        links=shown,
        dropped=tuple(dropped),
    )


def _broker(note: StateFile, instances: Instances, instance: Instance) -> BrokerStatus:
    answers = instances.answering(instance.broker) is instance
    role = "" if not instance.mark or not instance.ready else "active" if instance.served else "standby"
    return BrokerStatus(
        name=instance.name,
        container=_CONTAINER.get(instance.state, "exited"),
        health="healthy" if instance.ready else "starting" if instance.state == STARTING else "none",
        version=note.plan.broker(instance.broker).activemq_version if answers else None,
        memory=None,
        role=role,
    )


def _link(name: str, links: Sequence[LinkSeen], ways: Sequence[DirectionNow]) -> LinkStatus:
    opened = all(way.setting.state is LinkState.OPEN and way.setting.impairment.loss < 1 for way in ways)
    trip = sum(way.setting.impairment.delay / MICROSECOND for way in ways) / 1000
    return LinkStatus(
        name=name,
        round_trip_ms=round(trip, 2) if opened else None,
        directions=tuple(each for each in links if each.link == name),
        states=tuple(way.state for way in ways),
    )
