"""The subnets that a lab may take: pure arithmetic on a private pool.

The addresses that a topology declares (VPC CIDRs, brokers) decide policy; the subnets really used are small and
private, so that any number of labs with the same declared CIDR run side by side.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping
from ipaddress import IPv4Address, IPv4Network

from lab.base.dataclass import dataclass
from lab.base.settings import POOL
from lab.errors import InputError
from lab.network.addresses import PRIVATE

DEFAULT_POOL = IPv4Network(POOL.default)
PREFIX_BITS = 27  # 30 addresses: the gateway, the router, twenty brokers, the host's bridge
FIRST_BROKER = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Subnet:
    """One network of a lab and the addresses with a role in it."""

    network: IPv4Network

    @property
    def gateway(self) -> IPv4Address:
        """Return the default route of all containers: the router adds the address, Docker keeps it free."""
        return self.network[1]

    @property
    def router(self) -> IPv4Address:
        """Return the router's address in Docker's records."""
        return self.network[2]

    @property
    def bridge(self) -> IPv4Address:
        """Return the host's own address on the network."""
        return self.network[-2]

    def broker(self, index: int) -> IPv4Address:
        """Return the address of the region's broker number `index`, from 0."""
        return self.network[FIRST_BROKER + index]


def pool(environment: Mapping[str, str]) -> IPv4Network:
    """Read the setting MQLAB_POOL: a private IPv4 block of at least four subnets."""
    text = POOL.in_force(environment)
    try:
        network = IPv4Network(text)
    except ValueError as error:
        raise InputError.of(f"MQLAB_POOL={text!r} is not a CIDR block: {error}", f"write {DEFAULT_POOL}") from error
    if not any(network.subnet_of(block) for block in PRIVATE) or network.prefixlen > PREFIX_BITS - 2:
        blocks = ", ".join(str(block) for block in PRIVATE)
        raise InputError.of(
            f"MQLAB_POOL={text!r} must be a block of /{PREFIX_BITS - 2} or larger inside {blocks}",
            f"write {DEFAULT_POOL}",
        )
    return network


def candidates(pool: IPv4Network, taken: Iterable[IPv4Network], dice: random.Random) -> Iterator[Subnet]:
    """Yield the pool's free subnets, from a random place on, so that labs opened together seldom collide."""
    taken = tuple(taken)
    count = 2 ** (PREFIX_BITS - pool.prefixlen)
    start = dice.randrange(count)
    size = 2 ** (32 - PREFIX_BITS)
    for step in range(count):
        base = int(pool.network_address) + ((start + step) % count) * size
        network = IPv4Network((base, PREFIX_BITS))
        if not any(network.overlaps(other) for other in taken):
            yield Subnet(network=network)


def default_routes(table: str) -> tuple[IPv4Address, ...]:
    """Read the gateways of the default routes from the text of /proc/net/route; 0.0.0.0 is a device without one."""
    rows = (line.split() for line in table.splitlines()[1:])
    return tuple(
        of_route_word(row[2]) for row in rows if len(row) >= 8 and int(row[1], 16) == 0 and int(row[7], 16) == 0
    )


def route_word(address: IPv4Address) -> str:
    """Return an address as /proc/net/route writes it."""
    return address.packed[::-1].hex().upper()


def of_route_word(word: str) -> IPv4Address:
    """Read an address as /proc/net/route writes it."""
    return IPv4Address(bytes.fromhex(word)[::-1])


def host_routes(table: str) -> tuple[IPv4Network, ...]:
    """Read the host's own routes, except the default route, from the text of /proc/net/route."""
    found = []
    for line in table.splitlines()[1:]:
        fields = line.split()
        if len(fields) < 8:
            continue
        address = int.from_bytes(bytes.fromhex(fields[1]), "little")
        mask = int.from_bytes(bytes.fromhex(fields[7]), "little")
        if mask:
            found.append(IPv4Network((address, mask.bit_count()), strict=False))
    return tuple(found)
