"""AWS's rules for the addresses of a VPC: sizes, and the five that AWS reserves."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from ipaddress import IPv4Address, IPv4Network

SHORTEST_PREFIX, LONGEST_PREFIX = 16, 28  # the prefix lengths that AWS accepts for a VPC
PRIVATE = tuple(IPv4Network(block) for block in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"))
RESERVED_FIRST = 4  # network, router, DNS, "future use"; the broadcast address is the fifth


def check_vpc(vpc: IPv4Network) -> str | None:
    """Return why AWS would refuse a VPC's block, or None."""
    if SHORTEST_PREFIX <= vpc.prefixlen <= LONGEST_PREFIX:
        return None
    size = "large" if vpc.prefixlen < SHORTEST_PREFIX else "small"
    return f"{vpc} is too {size} for a VPC: AWS takes /{SHORTEST_PREFIX} to /{LONGEST_PREFIX}"


def check_address(address: IPv4Address, vpc: IPv4Network) -> str | None:
    """Return why a broker in a VPC cannot have an address, or None."""
    if address not in vpc:
        return f"{address} is not inside the VPC {vpc}"
    if _reserved(address, vpc):
        return f"AWS reserves {address}: the first {RESERVED_FIRST} addresses and the last of {vpc}"
    return None


def free_addresses(vpc: IPv4Network, taken: Collection[IPv4Address | None]) -> Iterator[IPv4Address]:
    """Yield the free addresses that a broker in a VPC may have, the lowest first."""
    for offset in range(RESERVED_FIRST, vpc.num_addresses - 1):
        if vpc[offset] not in taken:
            yield vpc[offset]


def _reserved(address: IPv4Address, vpc: IPv4Network) -> bool:
    offset = int(address) - int(vpc.network_address)
    return offset < RESERVED_FIRST or offset == vpc.num_addresses - 1
