"""The interfaces of a broker that is created in subnets, as functions Network → Network; each raises AWS's refusal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from lab.network.addresses import free_addresses
from lab.network.refusals import refused
from lab.network.security_groups import check_groups
from lab.network.vpc import Interface, Network


def attach(
    network: Network, broker: str, *, subnets: Sequence[str], groups: Sequence[str], public: bool = True
) -> Network:
    """Return the Network with an interface of a broker in each subnet, at the lowest free address."""
    for number, name in enumerate(subnets, 1):
        subnet = network.subnet(name)
        check_groups(network, subnet.vpc, groups)
        taken = {each.address for each in network.interfaces if each.vpc == subnet.vpc}
        address = next(free_addresses(subnet.cidr, taken), None)
        if address is None:
            raise refused(
                "InsufficientFreeAddressesInSubnet",
                f"The specified subnet '{name}' does not have enough free addresses to satisfy the request.",
                "create a larger subnet",
            )
        instance = broker if len(subnets) == 1 else f"{broker}-{number}"
        network = network.with_interface(
            Interface(
                name=instance, broker=broker, vpc=subnet.vpc, address=address, groups=tuple(groups), public=public
            )
        )
    return network


def detach(network: Network, broker: str) -> Network:
    """Return the Network without the interfaces of a broker."""
    return replace(network, interfaces=tuple(each for each in network.interfaces if each.broker != broker))
