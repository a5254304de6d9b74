"""A Network as the router's policy: every way between two endpoints, in the addresses really used. Pure.

`lab.network` decides by the declared addresses; here they are only replaced by those that this lab really uses.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from lab.history import PacketsDropped
from lab.network.reach import Ports, ways
from lab.network.vpc import INTERNET, Network


def policy(network: Network, addresses: Mapping[str, str]) -> dict[str, Any]:
    """Return the router's policy as JSON-able values; `addresses` maps each instance to the address really used."""
    return {"ways": list(_ways(network, addresses))}


def _ways(network: Network, addresses: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    for each in ways(network):
        if {each.source, each.target} <= {INTERNET, *addresses}:
            yield {
                "from": INTERNET if each.source == INTERNET else addresses[each.source],
                "to": addresses[each.target],
                "stop": each.no_route,
                "out": [_ports(allowed) for allowed in each.outbound],
                "no_out": each.no_egress,
                "in": [_ports(allowed) for allowed in each.inbound],
                "no_in": each.no_ingress,
            }


def _ports(allowed: Ports) -> list[Any]:
    return [str(allowed.protocol), allowed.first, allowed.last]


def read_drops(
    drops: Sequence[Mapping[str, Any]], addresses: Mapping[str, str], t: float
) -> tuple[PacketsDropped, ...]:
    """Return the router's counts of dropped packets as observations, with the instances' names."""
    names = {address: name for name, address in addresses.items()}
    return tuple(
        PacketsDropped(
            t=t,
            source=names.get(each["from"], each["from"]),
            target=names.get(each["to"], each["to"]),
            at=each["at"],
            cause=each["cause"],
            packets=each["packets"],
        )
        for each in sorted(drops, key=lambda each: (each["from"], each["to"], each["at"], each["cause"]))
    )
