"""The default VPC of a region, for brokers that name no subnet or no group."""

from __future__ import annotations

from lab.api.call import Call
from lab.api.served_account import ServedAccount


def default_subnets(account: ServedAccount, call: Call, number: int) -> tuple[str, ...]:
    """Return subnets of the region's default VPC."""
    return ()


def default_groups(account: ServedAccount, call: Call, subnets: tuple[str, ...]) -> tuple[str, ...]:
    """Return the default group of the VPC of subnets."""
    return ()
