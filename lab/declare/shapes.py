"""The files of a network of a shape: a topology, and a configuration for each broker that initiates a bridge.

Each pair that is joined has a connector for queues and one for topics, as AWS recommends, since consumers of a queue
are to be kept separate and those of a topic taken together. Their TTLs are as large as the shape needs.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence

from lab.activemq.protocols import OPENWIRE
from lab.activemq.releases import check_engine_version
from lab.amazonmq.names import derived_broker_id, host_name
from lab.base.dataclass import dataclass
from lab.declare.shape_quotas import check_quotas
from lab.declare.topology import MOST_REGIONS
from lab.errors import InputError
from lab.network.regions import REGIONS, city, unknown_region

USER = "bridge"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """The initiator and responder of each bridge, by number from 0, if it is duplex, and the maximum number of hops."""

    about: str
    joins: Callable[[int], Sequence[tuple[int, int]]]  # (initiator, responder) of so many brokers
    hops: Callable[[int], int]
    duplex: bool = True
    least: int = 2


def _mesh(count: int) -> Sequence[tuple[int, int]]:
    """Return every pair once; initiators alternate, so that no broker has all connectors."""
    return [
        (one, other) if (one + other) % 2 else (other, one) for one in range(count) for other in range(one + 1, count)
    ]


def _spokes(count: int) -> Sequence[tuple[int, int]]:
    return [(spoke, 0) for spoke in range(1, count)]


SHAPES: Mapping[str, Shape] = {
    "mesh": Shape(about="each is joined with each", joins=_mesh, hops=lambda count: 1),
    "hub": Shape(about="the first is joined with each other one", joins=_spokes, hops=lambda count: min(count - 1, 2)),
    "chain": Shape(
        about="each is joined with the next",
        joins=lambda count: [(number, number - 1) for number in range(1, count)],
        hops=lambda count: count - 1,
    ),
    "ring": Shape(
        about="each is joined with the next, and the last with the first",
        joins=lambda count: [(number, (number + 1) % count) for number in range(count)],
        hops=lambda count: count // 2,
        least=3,
    ),
    "concentrator": Shape(
        about="all others send to the first, which sends nothing back",
        joins=_spokes,
        hops=lambda count: 1,
        duplex=False,
    ),
}


def generate(shape: str, aws_regions: Sequence[str], name: str, engine_version: str | None = None) -> Mapping[str, str]:
    """Return the files of a network, by name: topology.yaml, and a configuration for each initiator of a bridge.

    `aws_regions` has the code of each region; each repetition adds a VPC with a broker. Raise
    InputError if a region or the engine version is unknown, if regions are too few or too many, or if a quota of AWS's
    forbids it.
    """
    if engine_version is not None and (wrong := check_engine_version(engine_version)) is not None:
        raise InputError.of(*wrong)
    its = SHAPES[shape]
    if not its.least <= len(aws_regions) <= MOST_REGIONS:
        raise InputError.of(
            f"a {shape} of {len(aws_regions)} regions",
            f"name {its.least} to {MOST_REGIONS}, such as eu-west-1,us-east-1,eu-central-1",
        )
    check_quotas(shape, its.joins, len(aws_regions))
    names = _names(aws_regions)
    joins = its.joins(len(names))
    ids = {broker: derived_broker_id(name, broker) for broker in names}
    hosts = {broker: host_name(ids[broker], code) for broker, code in zip(names, aws_regions, strict=True)}
    asks: dict[str, list[str]] = {}
    for initiator, responder in joins:
        asks.setdefault(names[initiator], []).append(names[responder])
    files = {"topology.yaml": _topology(shape, name, names, aws_regions, joins, ids, asks, engine_version)}
    for broker, others in asks.items():
        connectors = "\n".join(_connectors(broker, each, hosts[each], its, len(names)) for each in others)
        files[f"{broker}.xml"] = _CONFIGURATION.format(connectors=connectors)
    return files


def _names(aws_regions: Sequence[str]) -> tuple[str, ...]:
    """Return a name for each region, after its city; a second VPC of a region has a number."""
    found: dict[str, None] = {}
    for code in aws_regions:
        if code not in REGIONS:
            raise InputError.of(*unknown_region(code))
        if REGIONS[code].latitude is None:
            raise InputError.of(f"{code} is apart from AWS's other regions", "no round trip to it is known")
        plain = unicodedata.normalize("NFKD", city(code)).encode("ascii", "ignore").decode().lower()
        base = re.sub(r"[^a-z]+", "-", plain.removeprefix("n. ").removeprefix("central ")).strip("-")
        name, number = base, 1
        while name in found:
            number += 1
            name = f"{base}-{number}"
        found[name] = None
    return tuple(found)


def _topology(
    shape: str,
    name: str,
    names: Sequence[str],
    aws_regions: Sequence[str],
    joins: Sequence[tuple[int, int]],
    ids: Mapping[str, str],
    asks: Mapping[str, Sequence[str]],
    engine_version: str | None,
) -> str:
    width = max(map(len, names)) + 1
    regions = [
        f"  {f'{broker}:':{width}} {{aws-region: {code}, vpc: {_vpc(number, len(names))}}}"
        for number, (broker, code) in enumerate(zip(names, aws_regions, strict=True), 1)
    ]
    brokers = [line for broker in names for line in _broker(broker, ids[broker], broker in asks, engine_version)]
    linked = dict.fromkeys(tuple(sorted(each)) for each in joins)
    links = [f"  - {{between: [{names[one]}, {names[other]}], link: aws}}" for one, other in linked]
    return "\n".join(
        [
            f"topology: {json.dumps(name, ensure_ascii=False)}",
            f"about: A {shape} of {len(names)} brokers, of which {SHAPES[shape].about}.",
            "regions:",
            *regions,
            "brokers:",
            *brokers,
            "links:",
            *links,
            "",
        ]
    )


def _vpc(number: int, count: int) -> str:
    """Return the address block of VPC `number`, counted from 1; all `count` VPCs are in 10.0.0.0/8."""
    return f"10.{number}.0.0/16" if count < 256 else f"10.{number // 16}.{number % 16 * 16}.0/20"


def _broker(name: str, broker_id: str, joins: bool, engine_version: str | None) -> Iterator[str]:
    yield f"  {name}:"
    yield f"    region: {name}"
    yield f"    broker-id: {broker_id}"
    if engine_version is not None:
        yield f'    engine-version: "{engine_version}"'
    if joins:
        yield f"    configuration: {name}.xml"
    yield "    users:"
    yield f"      {USER}: {{password: generated, console-access: yes}}"


def _connectors(broker: str, other: str, host: str, shape: Shape, count: int) -> str:
    hops = shape.hops(count)
    further = f' networkTTL="{hops}"' if hops > 1 else ""
    duplex = ' duplex="true"' if shape.duplex else ""
    return "\n".join(
        _CONNECTOR.format(
            name=f"{broker}-{other}-{kind}s",
            user=USER,
            settings=f"{duplex}{further}{conduit}",
            uri=f"static:({OPENWIRE.url(host)})",
            kind=kind,
        )
        for kind, conduit in (("queue", ' conduitSubscriptions="false"'), ("topic", ""))
    )


_CONNECTOR = """    <networkConnector name="{name}" userName="{user}"{settings}
      uri="{uri}">
      <dynamicallyIncludedDestinations><{kind} physicalName="&gt;"/></dynamicallyIncludedDestinations>
    </networkConnector>"""
_CONFIGURATION = """<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<broker xmlns="http://activemq.apache.org/schema/core">
  <!-- for each neighbour one connector for queues and one for topics -->
  <networkConnectors>
{connectors}
  </networkConnectors>
</broker>
"""
