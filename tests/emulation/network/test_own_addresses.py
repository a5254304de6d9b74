"""Addresses of this machine with AWS's ports: each lab has a number of its own, and where it cannot, the reason."""

from __future__ import annotations

import socket
from collections.abc import Collection, Iterator
from contextlib import closing
from ipaddress import IPv4Address
from pathlib import Path

import pytest

from lab.activemq.protocols import ENDPOINTS, JOLOKIA_PORT, OPENWIRE
from lab.emulation.network.own_addresses import OwnAddresses, why_elsewhere, why_not_reached
from lab.emulation.network.ports import Ports
from lab.emulation.network.published_at import PublishedAt
from lab.plan.values import InstancePlan


def addresses(states: Path, taken: Collection[str] = (), *names: str) -> OwnAddresses:
    return OwnAddresses(names or ("tokyo", "singapore"), states, lambda: taken)


def numbers(its: OwnAddresses) -> set[int]:
    return {int(address.split(".")[2]) for address in its.of.values()}


@pytest.fixture
def here() -> Iterator[tuple[str, int]]:
    """Yield a place of this machine that answers, as a lab's usual port does."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()


def test_each_instance_has_an_address_of_the_labs_number(tmp_path: Path) -> None:
    with closing(addresses(tmp_path)) as its:
        its.choose()
        (number,) = numbers(its)
        assert its.of == {"tokyo": f"127.61.{number}.1", "singapore": f"127.61.{number}.2"}


def test_labs_that_open_at_the_same_time_have_other_numbers(tmp_path: Path) -> None:
    with closing(addresses(tmp_path)) as first, closing(addresses(tmp_path)) as second:
        first.choose()
        second.choose()
        assert len(numbers(first) | numbers(second)) == 2
        first.close()  # as its state file has the addresses by now
        with closing(addresses(tmp_path, first.of.values())) as third:
            third.choose()
            assert numbers(third).isdisjoint(numbers(first) | numbers(second))
    with closing(addresses(tmp_path)) as again:
        again.choose()
        assert numbers(again) == numbers(first)


def test_a_number_whose_ports_another_program_has_is_passed_over(tmp_path: Path) -> None:
    with closing(addresses(tmp_path)) as first:
        first.choose()
    with (
        socket.create_server((first.of["singapore"], ENDPOINTS[-1].port)),
        closing(addresses(tmp_path / "of another user")) as second,
    ):
        second.choose()
        assert numbers(second).isdisjoint(numbers(first)) and second.of


def test_the_next_choice_is_another_number(tmp_path: Path) -> None:
    with closing(addresses(tmp_path)) as its:
        its.choose()
        refused = numbers(its)
        its.choose()
        assert numbers(its).isdisjoint(refused)
        its.give_up("the engine does not publish there")
        assert (its.of, its.why_none) == ({}, "the engine does not publish there")


def test_a_lab_of_more_instances_than_addresses_has_none(tmp_path: Path) -> None:
    with closing(addresses(tmp_path, (), *map(str, range(255)))) as its:
        its.choose()
        assert (its.of, its.why_none) == ({}, "the lab has more than 254 instances")


def test_an_engine_elsewhere_has_no_address_of_this_machine() -> None:
    assert why_elsewhere(PublishedAt()) == ""
    assert "engine.test" in why_elsewhere(PublishedAt(host="engine.test", bind="0.0.0.0"))
    assert "ssh://engine.test" in why_elsewhere(PublishedAt(ssh="ssh://engine.test"))


def test_an_address_counts_where_a_connection_comes_through(tmp_path: Path, here: tuple[str, int]) -> None:
    with closing(addresses(tmp_path)) as its:
        its.choose()
        address = its.of["tokyo"]
        assert why_not_reached(address, here) == (f"ports are published at {address}, but a connection from here fails")
        assert why_not_reached(address, ("127.0.0.1", _refused())) == ""  # the broker does not listen yet
        with socket.create_server((address, OPENWIRE.port)):
            assert why_not_reached(address, here) == ""


def test_at_its_own_address_an_instance_has_the_ports_of_aws_and_no_other() -> None:
    tokyo = InstancePlan(name="tokyo", number=1, address=IPv4Address("10.1.0.4"), host_name="tokyo.test")
    published = Ports([tokyo]).published(lambda its: "10.213.0.4", {"tokyo": "127.61.9.1"})
    own = {each.broker_port: each.own_address for each in published}
    assert own == {**{each.port: "127.61.9.1" for each in ENDPOINTS}, JOLOKIA_PORT: ""}
    assert {each.own_address for each in Ports([tokyo]).published(lambda its: "10.213.0.4")} == {""}


def _refused() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def test_a_lab_whose_ports_are_taken_again_and_again_opens_without_own_addresses(tmp_path: Path) -> None:
    with closing(addresses(tmp_path)) as its:
        its.choose()
        (first,) = numbers(its)
        its.refused("port is already allocated", taken=True, left=3)
        assert numbers(its) not in (set(), {first})
        its.refused("port is already allocated", taken=True, left=2)
        assert (its.of, its.why_none) == ({}, "port is already allocated")
