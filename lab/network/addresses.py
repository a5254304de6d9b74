"""The rules of a VPC's addresses, as AWS has them: sizes, overlaps, and the five that are never a broker's."""

from __future__ import annotations

from collections.abc import Collection
from ipaddress import IPv4Address, IPv4Network

SHORTEST, LONGEST = 16, 28  # the prefixes that AWS takes for a VPC
RESERVED_FIRST = 4  # network, router, DNS, "future use"; the broadcast address is the fifth


def check_vpc(vpc: IPv4Network) -> str | None:
    """Say why AWS would refuse a VPC's block."""
    if SHORTEST <= vpc.prefixlen <= LONGEST:
        return None
    size = "large" if vpc.prefixlen < SHORTEST else "small"
    return f"{vpc} is too {size} for a VPC: AWS takes /{SHORTEST} to /{LONGEST}"


def check_address(address: IPv4Address, vpc: IPv4Network) -> str | None:
    """Say why an address cannot be a broker's in a VPC."""
    if address not in vpc:
        return f"{address} is not inside the VPC {vpc}"
    if _reserved(address, vpc):
        return f"AWS reserves {address}: the first {RESERVED_FIRST} addresses and the last of {vpc}"
    return None


def first_free(vpc: IPv4Network, taken: Collection[IPv4Address]) -> IPv4Address | None:
    """Return the lowest address that a broker may have, or None when all are taken."""
    candidates = (vpc[offset] for offset in range(RESERVED_FIRST, vpc.num_addresses - 1))
    return next((address for address in candidates if address not in taken), None)


def _reserved(address: IPv4Address, vpc: IPv4Network) -> bool:
    offset = int(address) - int(vpc.network_address)
    return offset < RESERVED_FIRST or offset == vpc.num_addresses - 1
