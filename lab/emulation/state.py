"""The emulation's part of a lab's state file: containers, addresses, ports, and the brokers' management passwords."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import msgspec
from msgspec import Struct, field

from lab.emulation.network.published_at import LOOPBACK
from lab.errors import HostError
from lab.runtime.owner import Owner
from lab.runtime.state_file import StateFile
from lab.runtime.status import Reached, Whereabouts

NAME = "emulation"  # of this runtime, in notes and histories


class InstanceState(Struct, frozen=True, kw_only=True):
    """The container, address and ports of one broker instance."""

    broker: str
    name: str  # the Plan's: the broker's own, or for a pair with the number behind it
    number: int
    container: str  # the container's id
    address: str  # really used; the Plan has the declared one
    ports: Mapping[str, int]  # protocol → port of `LabState.reached_at`, the same for as long as the lab lives
    management_port: int
    own_address: str = ""  # of this machine, with the ports of AWS; "" for none

    @property
    def mark(self) -> int:
        """Return the instance's number as histories have it: 0 if its broker has no other instance."""
        return 0 if self.name == self.broker else self.number


class BrokerState(Struct, frozen=True, kw_only=True):
    """The instances of one broker: one, or two of a pair."""

    instances: tuple[InstanceState, ...]
    management_password: str  # the same for all instances

    def __repr__(self) -> str:
        return f"BrokerState(instances={self.instances!r})"

    @property
    def first(self) -> InstanceState:
        """Return the first instance, which is the only one of most brokers."""
        return self.instances[0]

    def instance(self, number: int) -> InstanceState:
        """Return the instance with a number."""
        return next(each for each in self.instances if each.number == number)


class PlaceState(Struct, frozen=True, kw_only=True):
    """The address and the ports that are reserved for an instance of a broker that the lab does not have yet."""

    region: str
    address: str
    ports: Mapping[str, int]
    management_port: int
    own_address: str = ""  # of this machine, with the ports of AWS; "" for none


class LabState(Struct, frozen=True, kw_only=True):
    """The parts of one lab on the engine; they stay the same while the lab lives, and new brokers take places."""

    ca_file: str
    router: str  # the id of its container
    networks: Mapping[str, str]  # region → subnet really used
    brokers: Mapping[str, BrokerState]
    engine: str = ""  # the engine's id; one user may have labs on several engines
    hosts: Mapping[str, str] = field(default_factory=dict)  # host → the address kept for it
    reached_at: str = LOOPBACK  # where clients of this machine reach the ports
    ssh: str = ""  # the engine, where its ports are forwarded to this machine over ssh
    no_own_addresses: str = ""  # why instances have none of this machine, where they were asked for
    places: tuple[PlaceState, ...] = ()  # a place that is taken stays in it
    authority: str = ""  # where there are places: the key and the certificate by which new brokers get theirs, as PEM

    def __repr__(self) -> str:
        return f"LabState(router={self.router!r}, networks={self.networks!r}, brokers={self.brokers!r})"

    @property
    def here(self) -> bool:
        """Return whether the engine is certainly on this machine."""
        return self.reached_at == LOOPBACK and not self.ssh

    @property
    def instances(self) -> tuple[InstanceState, ...]:
        """Return every instance of every broker."""
        return tuple(each for broker in self.brokers.values() for each in broker.instances)

    @property
    def outside(self) -> tuple[int, ...]:
        """Return every published port."""
        instances = [(*its.ports.values(), its.management_port) for its in self.instances]
        places = [(*its.ports.values(), its.management_port) for its in self.places]
        return tuple(dict.fromkeys(port for ports in (*instances, *places) for port in ports))

    def whereabouts(self) -> Whereabouts:
        """Return the addresses and ports at which this machine reaches the lab."""
        return Whereabouts(
            ca_file=self.ca_file,
            reached_at="localhost" if self.reached_at == LOOPBACK else self.reached_at,
            networks=self.networks,
            hosts=self.hosts,
            no_own_addresses=self.no_own_addresses,
            brokers={
                name: tuple(
                    Reached(number=its.number, address=its.address, ports=its.ports, own_address=its.own_address)
                    for its in broker.instances
                )
                for name, broker in self.brokers.items()
            },
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the state as JSON-able values for a state file."""
        fields: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(self))
        return fields


def read(note: StateFile) -> LabState:
    """Return the state in a lab's state file; HostError if it is damaged."""
    try:
        return msgspec.convert(note.own, LabState)
    except msgspec.ValidationError as error:
        raise HostError(
            f"the state file of lab {note.run} is damaged", f"end the lab: mqlab down {note.run}"
        ) from error


def is_readable(note: StateFile) -> bool:
    """Return whether a state file belongs to a lab of this runtime, and its state can be read."""
    if note.runtime != NAME:
        return False
    try:
        read(note)
    except HostError:
        return False
    return True


def ended_runs(known: Iterable[StateFile], runs: Collection[str], engine: str, here: Owner) -> tuple[str, ...]:
    """Return the run ids of the state files of ended labs: they were on `engine`, whose labs now are `runs`."""
    return tuple(
        note.run
        for note in known
        if is_readable(note)
        and note.run not in runs
        and read(note).engine == engine != ""
        and (note.detached or _is_dead(note.owner, here))
    )


def _is_dead(owner: str, machine: Owner) -> bool:
    its = Owner.parse(owner)
    return its is not None and its.is_dead(machine)
