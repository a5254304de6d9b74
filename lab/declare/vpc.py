"""The peerings, route tables and security groups of a topology; anything not declared is open, as a link is."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, PlainSerializer, WithJsonSchema, model_validator

from lab.base.printable import shown
from lab.declare.fields import Cidr, Declared, Duration, Name, Names
from lab.network.vpc import ALL_PORTS, ANYWHERE, Protocol, Rule

_LONGEST_ADDRESS = 15  # characters


def _parse_ports(raw: Any) -> Any:
    """Return the first and last port of `61617`, `61614-61619` or `all`."""
    if isinstance(raw, tuple):
        return raw
    if not isinstance(raw, str | int) or isinstance(raw, bool):
        raise ValueError("a port is needed here, or a range such as 61614-61619, or all")
    text = str(raw)
    if text == "all":
        return ALL_PORTS
    first, _, last = text.partition("-")
    if not all(each.isascii() and each.isdigit() and len(each) < 8 for each in (first, last or first)):
        raise ValueError(f"{shown(text)} is no port: write 61617, 61614-61619 or all")
    return int(first), int(last or first)


def _format_ports(ports: tuple[int, int]) -> str:
    first, last = ports
    return "all" if ports == ALL_PORTS else str(first) if first == last else f"{first}-{last}"


def _check_prefix(raw: Any) -> Any:
    """Raise ValueError for an address without a prefix's length, which AWS requires."""
    if isinstance(raw, str) and len(raw) <= _LONGEST_ADDRESS and raw.replace(".", "").isdigit():
        raise ValueError(f"InvalidParameterValue: CIDR block {raw} is malformed: write {raw}/32")
    return raw


Ports = Annotated[
    tuple[int, int],
    BeforeValidator(_parse_ports),
    PlainSerializer(_format_ports, return_type=str, when_used="json"),
    WithJsonSchema({"type": ["integer", "string"], "pattern": r"^(\d+(-\d+)?|all)$", "examples": ["61617"]}),
]
Block = Annotated[Cidr, BeforeValidator(_check_prefix)]


class RuleFields(Declared):
    """The fields of a rule, inbound or outbound."""

    protocol: Protocol = Protocol.TCP
    """The protocol of the packets."""
    port: Ports = ALL_PORTS
    """The port or range of ports, for example 61617 or 61614-61619 (default: all)."""
    description: str = ""
    """A description for people."""

    def _build(self, cidr: Any, group: str | None) -> Rule:
        portless = self.protocol in (Protocol.ICMP, Protocol.ALL)
        return Rule(protocol=self.protocol, ports=ALL_PORTS if portless else self.port, cidr=cidr, group=group or "")

    @model_validator(mode="after")
    def _has_ports(self) -> Self:
        if self.protocol in (Protocol.ICMP, Protocol.ALL) and "port" in self.model_fields_set:
            raise ValueError(f"{self.protocol} has no ports: remove port")
        return self


class InboundRule(RuleFields):
    """An inbound rule of a security group: from addresses, or from the members of a group."""

    source: Block | None = Field(default=None, alias="from")
    """The CIDR block that packets come from; clients on this machine have 127.0.0.1/32."""
    from_group: Name | None = None
    """The security group of the same region that packets come from, instead of a CIDR block."""

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.source is None) == (self.from_group is None):
            raise ValueError("name one source: from: 10.1.0.10/32, or from-group: NAME")
        return self

    def rule(self) -> Rule:
        """Return the rule as the network has it."""
        return self._build(self.source, self.from_group)


class OutboundRule(RuleFields):
    """An outbound rule of a security group: to addresses, or to the members of a group."""

    to: Block | None = None
    """The CIDR block that packets go to (default: anywhere)."""
    to_group: Name | None = None
    """The security group of the same region whose members the packets go to, instead of a CIDR block."""

    @model_validator(mode="after")
    def _one_target(self) -> Self:
        if self.to is not None and self.to_group is not None:
            raise ValueError("name one target: to: 10.2.0.10/32, or to-group: NAME")
        return self

    def rule(self) -> Rule:
        """Return the rule as the network has it."""
        return self._build(self.to or (None if self.to_group else ANYWHERE), self.to_group)


class SecurityGroup(Declared):
    """A security group of a region's VPC."""

    region: Name
    """The region whose VPC the group belongs to."""
    inbound: tuple[InboundRule, ...] = ()
    """The inbound rules; packets that no rule allows are dropped."""
    outbound: tuple[OutboundRule, ...] | None = None
    """The outbound rules; an empty list allows no packets (default: all packets are allowed)."""


class Route(Declared):
    """A route to a peering."""

    destination: Block
    """The CIDR block that packets go to."""
    peering: Name
    """The peering that carries the packets."""


class RouteTable(Declared):
    """A route table of a region's VPC."""

    region: Name
    """The region whose VPC the table belongs to."""
    subnets: Names = ()
    """The subnets that use the table (default: all that no other table lists)."""
    routes: tuple[Route, ...] = ()
    """The routes to peerings; the VPC's own addresses are always local."""


class Peering(Declared):
    """A peering between the VPCs of two regions."""

    requester: Name
    """The region whose VPC requests the peering."""
    accepter: Name
    """The region whose VPC receives the request."""
    state: Literal["active", "pending-acceptance"] = "active"
    """The state of the peering when the lab opens."""
    age: Duration = timedelta(0)
    """The time since the request; a pending request expires after 168h."""
