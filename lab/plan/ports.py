"""The ports of this machine that are fixed before a lab opens: those declared, and those counted from a base."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import count

from lab.activemq.protocols import ENDPOINTS
from lab.base.dataclass import dataclass
from lab.declare.ports import declared_ports
from lab.declare.topology import Topology


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedPort:
    """A port of this machine, and the endpoint of an instance to which it leads."""

    broker: str
    instance: str
    place: int  # of the instance among its broker's
    endpoint: str
    port: int
    declared: bool  # in the topology, not counted from a base


def fixed_ports(topology: Topology, base: int | None = None) -> Iterator[FixedPort]:
    """Yield the fixed ports of a topology.

    From a base, every endpoint has a number: in the order of the brokers, of a pair's instances, and of `ENDPOINTS`.
    One that is declared is not counted from the base, and its number stays free.
    """
    numbers = count(base or 0)
    for name, broker in topology.brokers.items():
        declared = declared_ports(broker.ports)
        for place, number in enumerate(broker.deployment_mode.instances):
            instance = broker.deployment_mode.instance_name(name, number)
            for each, counted in zip(ENDPOINTS, numbers, strict=False):
                its = declared.get(each.name, ())
                if place < len(its):
                    port, written = its[place], True
                elif base is not None:
                    port, written = counted, False
                else:
                    continue
                yield FixedPort(
                    broker=name, instance=instance, place=place, endpoint=each.name, port=port, declared=written
                )


def by_instance(topology: Topology, base: int | None) -> Mapping[str, Mapping[str, int]]:
    """Return the fixed ports of each instance that has any, by its name: endpoint's name → port."""
    found: dict[str, dict[str, int]] = {}
    for each in fixed_ports(topology, base):
        found.setdefault(each.instance, {})[each.endpoint] = each.port
    return found
