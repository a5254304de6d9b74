"""Where a lab's parts are on this machine's engine: what the emulation writes into a lab's note for itself.

It holds the key to the brokers' management.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from pydantic import TypeAdapter

from lab.runtime.note import Note
from lab.runtime.owner import Owner
from lab.runtime.status import Reached, Whereabouts

NAME = "emulation"  # of this runtime, in notes and histories


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceState:
    """Where one instance of a broker really is."""

    broker: str
    name: str  # the Plan's: the broker's own, or with its number behind it
    number: int
    container: str
    address: str  # really used; the Plan has the declared one
    ports: Mapping[str, int]  # protocol → port on 127.0.0.1, the same for as long as the lab lives
    management_port: int

    @property
    def mark(self) -> int:
        """Return its number for a history, and 0 where its broker has no other instance."""
        return 0 if self.name == self.broker else self.number


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerState:
    """Where one broker really is: in one container, or in two."""

    instances: tuple[InstanceState, ...]
    management_password: str = field(repr=False)  # one for all its instances

    @property
    def first(self) -> InstanceState:
        """Return the first instance, which is the only one of most brokers."""
        return self.instances[0]

    def instance(self, number: int) -> InstanceState:
        """Return the instance of a number."""
        return next(each for each in self.instances if each.number == number)


@dataclass(frozen=True, slots=True, kw_only=True)
class LabState:
    """Where everything of one lab is; it stays there for as long as the lab lives."""

    ca_file: str
    router: str  # its container
    networks: Mapping[str, str]  # region → subnet really used
    brokers: Mapping[str, BrokerState]
    engine: str = ""  # the id of the engine that it is on; one user may have labs on several

    @property
    def instances(self) -> tuple[InstanceState, ...]:
        """Return every instance of every broker."""
        return tuple(each for broker in self.brokers.values() for each in broker.instances)

    def whereabouts(self) -> Whereabouts:
        """Return where it is reached from this machine."""
        return Whereabouts(
            ca_file=self.ca_file,
            networks=self.networks,
            brokers={
                name: tuple(
                    Reached(number=its.number, address=its.address, ports=its.ports) for its in broker.instances
                )
                for name, broker in self.brokers.items()
            },
        )

    def to_dict(self) -> dict[str, Any]:
        """Return it as a note keeps it."""
        written: dict[str, Any] = _codec().dump_python(self, mode="json")
        return written


def read(note: Note) -> LabState:
    """Return where everything of a lab is, as its note tells."""
    return _codec().validate_python(note.own)


def gone(known: Iterable[Note], found: Collection[str], engine: str, here: Owner) -> tuple[str, ...]:
    """Name the labs with a note that are no more: their engine has been asked, and has `found` others only."""
    return tuple(
        note.run
        for note in known
        if note.runtime == NAME
        and note.run not in found
        and read(note).engine == engine != ""
        and (note.detached or _is_dead(note.owner, here))
    )


def _is_dead(owner: str, here: Owner) -> bool:
    its = Owner.parse(owner)
    return its is not None and its.is_dead(here)


@cache
def _codec() -> TypeAdapter[LabState]:
    return TypeAdapter(LabState)
