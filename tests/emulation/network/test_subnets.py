import random
from ipaddress import IPv4Address, IPv4Network

import pytest

from lab.emulation.network import subnets
from lab.emulation.network.subnets import Subnet
from lab.errors import InputError

ROUTES = """\
Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0
tun0\t0000D50A\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0
eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
"""


def test_every_role_has_its_own_address() -> None:
    subnet = Subnet(network=IPv4Network("10.213.0.32/27"))
    roles = [subnet.gateway, subnet.router, subnet.bridge, *(subnet.broker(index) for index in range(20))]
    assert len(set(roles)) == len(roles)
    assert all(address in subnet.network for address in roles)
    assert (str(subnet.gateway), str(subnet.router), str(subnet.bridge)) == (
        "10.213.0.33",
        "10.213.0.34",
        "10.213.0.62",
    )


def test_candidates_cover_the_pool_once_and_avoid_what_is_taken() -> None:
    pool = IPv4Network("10.9.0.0/24")
    found = [c.network for c in subnets.candidates(pool, [IPv4Network("10.9.0.64/26")], random.Random(3))]
    assert len(found) == len(set(found)) == 6
    assert not any(network.overlaps(IPv4Network("10.9.0.64/26")) for network in found)


def test_two_labs_begin_at_different_places() -> None:
    first, second = (
        next(subnets.candidates(subnets.DEFAULT_POOL, [], random.Random(run))) for run in ("run-a", "run-b")
    )
    assert first != second


def test_host_routes_leave_the_default_route_out() -> None:
    assert subnets.host_routes(ROUTES) == (IPv4Network("10.213.0.0/16"), IPv4Network("192.0.2.0/24"))


@pytest.mark.parametrize("text", ["10.0.0.0/28", "8.8.0.0/16", "nonsense", "10.0.0.1/16"])
def test_a_pool_must_be_private_and_roomy(text: str) -> None:
    with pytest.raises(InputError, match="MQLAB_POOL"):
        subnets.pool({"MQLAB_POOL": text})


def test_the_pool_has_a_default() -> None:
    assert subnets.pool({}) == subnets.pool({"MQLAB_POOL": ""}) == subnets.DEFAULT_POOL


@pytest.mark.parametrize("text", ["127.0.0.0/16", "169.254.0.0/16", "198.18.0.0/16", "0.0.0.0/8", "240.0.0.0/8"])
def test_a_pool_is_none_of_the_special_blocks(text: str) -> None:
    with pytest.raises(InputError, match=r"inside 10\.0\.0\.0/8"):
        subnets.pool({"MQLAB_POOL": text})


def test_the_gateways_of_default_routes_are_read() -> None:
    head = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
    way = "eth0\t00000000\t0100D50A\t0003\t0\t0\t0\t00000000\t0\t0\t0\n"
    near = "eth0\t0000D50A\t00000000\t0001\t0\t0\t0\tE0FFFFFF\t0\t0\t0\n"
    assert subnets.default_routes(head + way + near) == (IPv4Address("10.213.0.1"),)
    assert subnets.default_routes(head + near) == ()
    assert subnets.route_word(IPv4Address("10.213.0.1")) == "0100D50A"
    assert subnets.of_route_word("0100D50A") == IPv4Address("10.213.0.1")
