"""The networks of one lab: claimed from the engine by creating them, in another subnet if one is taken.

    region A ── router ── region B          each a bridge network of its own, the router on all of them
                  │
               internet                     joins the router and the host only; ports are published here

One set of options works on Docker 20.10 to 29 (measured on 20.10.24, 27.5.1, 28.1.1, 28.5.2, 29.7.2 and 29.8). No
masquerade, and a default gateway that only the router answers for: when the router is down, packets go nowhere.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from ipaddress import IPv4Network
from pathlib import Path

import docker.errors
from docker.types import IPAMConfig, IPAMPool

import docker
from lab.base.dataclass import dataclass
from lab.emulation.check_names import NETWORKS, see
from lab.emulation.engine import labels
from lab.emulation.engine.containers import make_network
from lab.emulation.network import subnets
from lab.emulation.network.subnets import Subnet
from lab.errors import HostError
from lab.network.vpc import INTERNET

_ROUTES = Path("/proc/net/route")
_TAKEN = ("overlap",)  # in the words of every engine from 20.10 to 29


@dataclass(frozen=True, slots=True, kw_only=True)
class LabNetwork:
    """One network of a lab: of a region, or the internet."""

    region: str
    name: str  # Docker's
    bridge: str  # the interface on the host, at most 15 characters
    subnet: Subnet


def claim(
    client: docker.DockerClient,
    run: str,
    regions: Sequence[str],
    pool: IPv4Network,
    lab_labels: Mapping[str, str],
    dice: random.Random,
    *,
    wanted: Sequence[str] | None = None,
) -> tuple[LabNetwork, ...]:
    """Create those of a lab's networks that are `wanted`, or all: one for each region, and the internet's.

    The options of every network name the bridges of all. Raise HostError if the pool has no room.
    """
    names = [*regions, INTERNET]
    short = run.rsplit("-", 1)[-1]
    bridges = {name: f"mq{short}-{'net' if name == INTERNET else index}" for index, name in enumerate(names)}
    free = subnets.candidates(pool, taken(client), dice)
    made = []
    for name in names if wanted is None else wanted:
        its_labels = {**lab_labels, labels.ROLE: "network", labels.REGION: name}
        options = _options(bridges[name], tuple(bridges.values()), its_labels)
        # The engine reaches a published port over the router's first network by name, and that must be the internet.
        full_name = f"mqlab-{run}-{INTERNET}" if name == INTERNET else region_network(run, name)
        subnet = _claim_one(client, full_name, options, free, pool)
        made.append(LabNetwork(region=name, name=full_name, bridge=bridges[name], subnet=subnet))
    return tuple(made)


def region_network(run: str, region: str) -> str:
    """Return the engine's name of a region's network."""
    return f"mqlab-{run}-region-{region}"


def _claim_one(
    client: docker.DockerClient, name: str, options: Mapping[str, object], free: Iterator[Subnet], pool: IPv4Network
) -> Subnet:
    for subnet in free:
        ipam = IPAMConfig(
            pool_configs=[
                IPAMPool(
                    subnet=str(subnet.network),
                    gateway=str(subnet.bridge),
                    # Reserved and handed to every container as its default route; the router answers for it.
                    aux_addresses={"DefaultGatewayIPv4": str(subnet.gateway)},
                )
            ]
        )
        try:
            make_network(client, name, {**options, "ipam": ipam})
        except docker.errors.APIError as error:
            if any(sign in str(error.explanation).lower() for sign in _TAKEN):
                continue  # another lab, or something else on this host, has taken it
            raise HostError(f"Docker refused the network {name}: {error.explanation or error}") from error
        return subnet
    raise HostError(
        f"no free subnet is left in the pool {pool}",
        "end a lab (mqlab down), remove leftovers (mqlab sweep), or set MQLAB_POOL to another private block\n"
        + see(NETWORKS),
    )


def _options(bridge: str, bridges: Sequence[str], its_labels: Mapping[str, str]) -> dict[str, object]:
    return {
        "driver": "bridge",
        "labels": dict(its_labels),
        "options": {
            "com.docker.network.bridge.enable_ip_masquerade": "false",
            "com.docker.network.bridge.name": bridge,
            # Without it, Docker 28.2 and later drop what one region's bridge routes to another's.
            "com.docker.network.bridge.trusted_host_interfaces": ":".join(bridges),
        },
    }


def taken(client: docker.DockerClient) -> tuple[IPv4Network, ...]:
    """Return every subnet that the host has a route to or the engine has a network in."""
    found = list(subnets.host_routes(_ROUTES.read_text())) if _ROUTES.exists() else []
    for network in client.networks.list():
        for block in (network.attrs.get("IPAM") or {}).get("Config") or ():
            if ":" not in block.get("Subnet", ":"):
                found.append(IPv4Network(block["Subnet"], strict=False))
    return tuple(found)
