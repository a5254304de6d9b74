"""The facts that EC2 keeps and the lab has no effect for: tags, attributes, zones, gateways, descriptions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import TypeVar

from lab.base.dataclass import dataclass

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class VpcFacts:
    """The facts of a VPC beside its block."""

    default: bool = False  # the region's own
    tenancy: str = "default"
    dns_support: bool = True
    dns_hostnames: bool = False
    usage_metrics: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SubnetFacts:
    """The facts of a subnet beside its block."""

    zone: str
    default: bool = False  # the zone's own in the default VPC
    public: bool = False  # instances would get a public address


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayFacts:
    """An internet gateway."""

    region: str
    vpc: str = ""  # which it is attached to


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletedVpc:
    """A VPC that was deleted; an ended peering still names it."""

    region: str
    cidr: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ec2Records:
    """The records of EC2, by id unless another key is named."""

    regions: tuple[str, ...] = ()  # those whose default VPC was made
    tags: Mapping[str, Mapping[str, Mapping[str, str]]] = field(default_factory=dict)  # by region, id and key
    vpcs: Mapping[str, VpcFacts] = field(default_factory=dict)
    subnets: Mapping[str, SubnetFacts] = field(default_factory=dict)
    gateways: Mapping[str, GatewayFacts] = field(default_factory=dict)
    gateway_routes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # by route table and destination
    peering_options: Mapping[str, Mapping[str, Mapping[str, bool]]] = field(default_factory=dict)  # by peering and VPC
    descriptions: Mapping[str, str] = field(default_factory=dict)  # of groups and rules
    tokens: Mapping[str, str] = field(default_factory=dict)  # client token → the id that it made
    deleted_vpcs: Mapping[str, DeletedVpc] = field(default_factory=dict)


def added(entries: Mapping[str, _T], key: str, entry: _T) -> Mapping[str, _T]:
    """Return a copy with an entry added or replaced."""
    return {**entries, key: entry}


def removed(entries: Mapping[str, _T], *keys: str) -> Mapping[str, _T]:
    """Return a copy without the entries of some keys."""
    return {key: entry for key, entry in entries.items() if key not in keys}
