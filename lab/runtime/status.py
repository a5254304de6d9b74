"""How a lab is at a moment, and where it is reached: neutral values, whichever runtime has it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lab.history import BridgeSeen, LinkSeen, PacketsDropped
from lab.link.impairment import Setting
from lab.network.link import impairment_text
from lab.runtime.note import Note

ABSENT, DELETED = "not created yet", "deleted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """Where one instance of a broker is."""

    number: int
    address: str  # really used; the Plan has the declared one
    ports: Mapping[str, int]  # endpoint → port of this machine


@dataclass(frozen=True, slots=True, kw_only=True)
class Whereabouts:
    """Where a lab is reached from this machine."""

    ca_file: str
    networks: Mapping[str, str]  # region → subnet really used
    brokers: Mapping[str, tuple[Reached, ...]]  # the instances of each


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectionNow:
    """How one direction of a link is set."""

    link: str
    leaving: str
    reaching: str
    setting: Setting

    @property
    def state(self) -> str:
        """Return its state: open, cut or reject."""
        return str(self.setting.state)

    @property
    def impairment(self) -> str:
        """Say what it does to packets, in the words of a scenario file."""
        return impairment_text(self.setting.impairment)

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON-able values."""
        return {"link": self.link, "leaving": self.leaving, "reaching": self.reaching, **self.setting.json()}


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerStatus:
    """One broker now, or one instance of it."""

    name: str
    container: str  # running, exited, gone …; or that nobody has created it yet
    health: str  # healthy, starting, unhealthy, none
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
    whereabouts: Whereabouts
    owner_alive: bool
    brokers: tuple[BrokerStatus, ...]
    bridges: tuple[BridgeStatus, ...]
    links: tuple[LinkStatus, ...]
    dropped: tuple[PacketsDropped, ...]  # by the router, for want of a route or a rule
