"""A VPC's addresses follow AWS's rules."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.network.addresses import check_address, check_vpc, free_addresses


@pytest.mark.parametrize(
    ("block", "good"), [("10.0.0.0/15", False), ("10.0.0.0/16", True), ("10.0.0.0/28", True), ("10.0.0.0/29", False)]
)
def test_vpc_sizes(block: str, good: bool) -> None:
    assert (check_vpc(IPv4Network(block)) is None) is good


@pytest.mark.parametrize(
    ("address", "good"),
    [
        ("10.1.0.0", False),
        ("10.1.0.3", False),
        ("10.1.0.4", True),
        ("10.1.0.14", True),
        ("10.1.0.15", False),
        ("10.1.0.16", False),
    ],
)
def test_the_first_four_and_the_last_are_reserved(address: str, good: bool) -> None:
    assert (check_address(IPv4Address(address), IPv4Network("10.1.0.0/28")) is None) is good


@given(st.sets(st.integers(0, 15)))
def test_a_free_address_is_one_that_a_broker_may_have(offsets: set[int]) -> None:
    vpc = IPv4Network("10.1.0.0/28")
    taken = {vpc[offset] for offset in offsets}
    free = next(free_addresses(vpc, taken), None)
    if free is None:
        assert all(vpc[offset] in taken for offset in range(4, 15))
    else:
        assert free not in taken
        assert check_address(free, vpc) is None
