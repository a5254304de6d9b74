"""The status of a lab at a moment, and its addresses: values that every runtime shares."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from typing import Any

from lab.activemq import log_lines
from lab.base.dataclass import dataclass
from lab.history import BridgeSeen, LinkSeen, PacketsDropped
from lab.link.impairment import Setting
from lab.network.link import impairment_text
from lab.plan.values import BridgePlan, Plan
from lab.runtime.state_file import StateFile

UP, STOPPING, DOWN, STARTING, PAUSED = "up", "stopping", "down", "starting", "paused"  # the states of an instance
ABSENT, DELETED = "not created yet", "deleted"
OUT = (DOWN, ABSENT, DELETED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """The address and the ports of one broker instance."""

    number: int
    address: str  # really used; the Plan has the declared one
    ports: Mapping[str, int]  # endpoint → port
    own_address: str = ""  # of this machine, with the ports of AWS; "" for none


@dataclass(frozen=True, slots=True, kw_only=True)
class Whereabouts:
    """The addresses and ports at which this machine reaches a lab."""

    ca_file: str
    reached_at: str  # the host that the ports are of; the brokers' certificates name it
    networks: Mapping[str, str]  # region → subnet really used
    brokers: Mapping[str, tuple[Reached, ...]]  # the instances of each
    hosts: Mapping[str, str] = field(default_factory=dict)  # host → the address kept for it
    no_own_addresses: str = ""  # why instances have none of this machine, where they were asked for


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectionNow:
    """The current setting of one direction of a link."""

    link: str
    leaving: str
    reaching: str
    setting: Setting
    changed: float | None = None  # when the verb that returns it changed it, in seconds of the lab's clock

    @property
    def state(self) -> str:
        """Return the direction's state: open, cut or reject."""
        return str(self.setting.state)

    @property
    def impairment(self) -> str:
        """Return the impairment in the words of a scenario file."""
        return impairment_text(self.setting.impairment)

    def to_dict(self) -> dict[str, Any]:
        """Return the direction as JSON-able values."""
        at = {} if self.changed is None else {"t": self.changed}
        return {"link": self.link, "leaving": self.leaving, "reaching": self.reaching, **self.setting.json(), **at}


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerStatus:
    """The status of one broker, or of one instance of a pair."""

    name: str
    container: str  # running, exited, gone …; ABSENT, DELETED
    health: str  # healthy, starting, unhealthy, none
    version: str | None  # of ActiveMQ; None while the broker does not answer
    memory: int | None  # bytes in use
    role: str = ""  # of a pair's instance: active, standby; empty if neither, or the only one


@dataclass(frozen=True, slots=True, kw_only=True)
class BridgeStatus:
    """The status of one planned bridge, with its ends as the brokers list them."""

    connector: str
    initiator: str
    responder: str
    duplex: bool
    up: bool
    why_not: str
    ends: tuple[BridgeSeen, ...]

    @classmethod
    def of(cls, bridge: BridgePlan, listed: Sequence[BridgeSeen], why_not: str | None) -> BridgeStatus:
        """Return a bridge's status, its ends from all that the brokers list; `why_not` is None if it is up."""
        its = (end for end in listed if end.connector == bridge.connector)
        return cls(
            connector=bridge.connector,
            initiator=bridge.initiator,
            responder=bridge.responder,
            duplex=bridge.duplex,
            up=why_not is None,
            why_not=why_not or "",
            ends=tuple(end for end in its if end.broker in (bridge.initiator, bridge.responder)),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkStatus:
    """The status of one link."""

    name: str
    round_trip_ms: float | None  # probed just now; None when nothing came back
    directions: tuple[LinkSeen, ...]
    states: tuple[str, ...]  # of these directions: open, cut, reject


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """The status of one lab."""

    note: StateFile
    whereabouts: Whereabouts
    owner_alive: bool
    brokers: tuple[BrokerStatus, ...]
    bridges: tuple[BridgeStatus, ...]
    links: tuple[LinkStatus, ...]
    dropped: tuple[PacketsDropped, ...]  # by the router, for want of a route or a rule


_ATTEMPT = "Establishing network connection from"  # a connector's line
_ERRORS = frozenset([  # names of lines with which an attempt at a bridge, or the bridge, ends
    "bridge-failed", "certificate-untrusted", "connection-closed", "connection-refused", "connection-reset",
    "connection-timed-out", "host-name-wrong", "inactive", "not-authorized", "password-invalid",
])  # fmt: skip
_CONTAINER = {"exited": "has exited", "gone": "is gone", "created": "has not been started"}
_LINK = {"cut": "is cut", "reject": "rejects every packet"}


def shown_cause(plan: Plan, bridge: BridgePlan, brokers: Sequence[BrokerStatus], links: Sequence[LinkStatus]) -> str:
    """Return why a bridge is down if the brokers and links beside it show the reason; else ""."""
    ends = [plan.broker(name) for name in (bridge.initiator, bridge.responder)]
    for end in ends:
        names = {its.name for its in end.instances}
        its = [each for each in brokers if each.name in names]
        running = [each for each in its if each.container == "running"]
        if its and not running:
            return f"{end.name} {_CONTAINER.get(its[0].container, f'is {its[0].container}')}"
        if its and not any(each.version for each in running):
            return f"{end.name} does not answer"
    regions = {end.region for end in ends}
    for link in links:
        if {region for way in link.directions for region in (way.leaving, way.reaching)} != regions:
            continue
        closed = [(way, state) for way, state in zip(link.directions, link.states, strict=True) if state != "open"]
        if len({state for _, state in closed}) == 1 and len(closed) == len(link.directions):
            return f"the link {link.name} {_LINK.get(closed[0][1], f'is {closed[0][1]}')}"
        if closed:
            way, state = closed[0]
            return f"the link {link.name} {_LINK.get(state, f'is {state}')} from {way.leaving} to {way.reaching}"
        if link.round_trip_ms is None:
            return f"nothing comes back over the link {link.name}"
    return ""


def waiting_since(lines: Iterable[str], hosts: Iterable[str]) -> str:
    """Return a sentence if a broker's log shows no attempt at a bridge to some host names after its last error."""
    names, error = tuple(hosts), ""
    for line in lines:
        said = log_lines.read(line)
        if said is None or not any(name in said.text for name in names):
            continue
        if _ATTEMPT in said.text:
            error = ""
        elif log_lines.name_of(said.text) in _ERRORS:
            error = f"{said.at:%H:%M:%S}"
    return f"no attempt was made since its last error, at {error} UTC" if error else ""
