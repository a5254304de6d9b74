"""The router's file, `/etc/mqlab/router.json`, as values: checked as a whole before anything is changed.

Knows the file's form and its limits; the router's programs make rules, routes and links of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv4Interface, IPv4Network, NetmaskValueError
from typing import Any

from lab.link import fields
from lab.link.fields import ConfigError
from lab.link.impairment import Setting, read_setting
from lab.link.policy import Way, parse_policy

VERSION = 1
PROBES = IPv4Network("198.18.0.0/15")  # RFC 2544's range for measurements: the addresses of probes
MAX_LINKS = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """A network that the router is in: a region of the lab, or the internet, which joins router and host only."""

    name: str
    interface: IPv4Interface  # the router's own address, given by Docker
    gateway: IPv4Address  # the address that the router adds: the brokers' default route
    internet: bool

    @property
    def subnet(self) -> IPv4Network:
        """Return the network's addresses."""
        return self.interface.network

    @property
    def host(self) -> IPv4Address:
        """Return the last host address: Docker's bridge, which is the host itself."""
        return self.subnet.broadcast_address - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A port of the router's internet address, forwarded to a port of a broker."""

    port: int
    address: IPv4Address
    to_port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """The path between two regions, and the setting of each direction."""

    name: str
    between: tuple[str, str]
    directions: tuple[Setting, Setting]  # leaving the first and the second region of `between`
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """The whole of the router's file."""

    networks: tuple[Network, ...]
    published: tuple[Published, ...]
    links: tuple[Link, ...]
    management_port: int  # of the brokers: published, and blocked between regions
    callers_anywhere: bool = False  # published ports answer callers beyond the internet's network too
    policy: tuple[Way, ...] | None = None  # None: no policy, everything that is routed passes

    def network(self, name: str) -> Network:
        """Return the network of that name."""
        return next(network for network in self.networks if network.name == name)

    @property
    def regions(self) -> tuple[Network, ...]:
        """Return the networks without the internet."""
        return tuple(network for network in self.networks if not network.internet)


def parse_config(text: str | bytes) -> Config:
    """Return the router's file as values; raise ConfigError with the first mistake."""
    required, optional = {"version", "networks", "published", "links", "management_port"}, {"policy", "callers"}
    top = fields.table(fields.load_json(text), "router.json", required, optional)
    if top["version"] != VERSION:
        raise ConfigError(f"version: expected {VERSION}, found {top['version']!r}")
    networks = tuple(
        _network(item, f"networks[{at}]") for at, item in enumerate(fields.items(top["networks"], "networks"))
    )
    _check_networks(networks)
    published = tuple(
        _published(item, f"published[{at}]", networks)
        for at, item in enumerate(fields.items(top["published"], "published"))
    )
    fields.check_unique([each.port for each in published], "published", "port")
    links = tuple(_link(item, f"links[{at}]", networks) for at, item in enumerate(fields.items(top["links"], "links")))
    fields.check_unique([each.name for each in links], "links", "name")
    fields.check_unique([tuple(sorted(each.between)) for each in links], "links", "pair of regions")
    if len(links) > MAX_LINKS:
        raise ConfigError(f"links: at most {MAX_LINKS}, found {len(links)}")
    if published and not any(network.internet for network in networks):
        raise ConfigError('published: needs a network of kind "internet"')
    management = fields.integer(top["management_port"], "management_port", 1, 65535)
    policy = None if top.get("policy") is None else parse_policy(top["policy"])
    callers = fields.word(top.get("callers", "host"), "callers", ["host", "anywhere"])
    return Config(
        networks=networks,
        published=published,
        links=links,
        management_port=management,
        callers_anywhere=callers == "anywhere",
        policy=policy,
    )


def _network(written: Any, place: str) -> Network:
    table = fields.table(written, place, {"name", "address", "gateway", "kind"}, set())
    try:
        interface = IPv4Interface(str(table["address"]))
        gateway = IPv4Address(str(table["gateway"]))
    except (AddressValueError, NetmaskValueError, ValueError) as error:
        raise ConfigError(f"{place}: {error}") from None
    subnet = interface.network
    if subnet.prefixlen > 29:
        raise ConfigError(f"{place}.address: {subnet} is too small, a lab's networks are /29 or larger")
    if gateway not in subnet or gateway in (interface.ip, subnet.network_address, subnet.broadcast_address):
        raise ConfigError(f"{place}.gateway: {gateway} is not a free host address of {subnet}")
    kind = fields.word(table["kind"], f"{place}.kind", ["region", "internet"])
    name = fields.name(table["name"], f"{place}.name")
    return Network(name=name, interface=interface, gateway=gateway, internet=kind == "internet")


def _check_networks(networks: Sequence[Network]) -> None:
    fields.check_unique([network.name for network in networks], "networks", "name")
    if sum(network.internet for network in networks) > 1:
        raise ConfigError('networks: at most one of kind "internet"')
    for at, network in enumerate(networks):
        if network.subnet.overlaps(PROBES):
            raise ConfigError(f"networks[{at}].address: {PROBES} is kept for the router's own probes")
        for other in networks[:at]:
            if network.subnet.overlaps(other.subnet):
                raise ConfigError(f"networks[{at}].address: {network.subnet} overlaps {other.name} ({other.subnet})")


def _published(written: Any, place: str, networks: Sequence[Network]) -> Published:
    table = fields.table(written, place, {"port", "to"}, set())
    address, _, port = str(table["to"]).rpartition(":")
    try:
        to, to_port = IPv4Address(address), int(port)
    except ValueError:
        raise ConfigError(f"{place}.to: expected ADDRESS:PORT, found {table['to']!r}") from None
    if not any(to in network.subnet and not network.internet for network in networks):
        raise ConfigError(f"{place}.to: {to} is in no region of this lab")
    return Published(
        port=fields.integer(table["port"], f"{place}.port", 1, 65535),
        address=to,
        to_port=fields.integer(to_port, f"{place}.to", 1, 65535),
    )


def _link(written: Any, place: str, networks: Sequence[Network]) -> Link:
    table = fields.table(written, place, {"name", "between", "directions"}, {"seed"})
    name = fields.name(table["name"], f"{place}.name")
    regions = [network.name for network in networks if not network.internet]
    between = [
        fields.word(item, f"{place}.between", regions) for item in fields.items(table["between"], f"{place}.between")
    ]
    if len(set(between)) != 2 or len(between) != 2:
        raise ConfigError(f"{place}.between: expected two different regions, found {between}")
    directions = fields.table(table["directions"], f"{place}.directions", set(between), set())
    first, second = (read_setting(directions[region], f"{place}.directions.{region}") for region in between)
    seed = fields.integer(table.get("seed", 0), f"{place}.seed", -(1 << 63), (1 << 63) - 1)
    return Link(name=name, between=(between[0], between[1]), directions=(first, second), seed=seed)
