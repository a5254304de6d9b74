"""Ports counted from a base follow the order of brokers, instances and endpoints; those declared keep their place."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.check.scenarios import plan_named
from lab.errors import InputError

TOPOLOGY = str(Path(__file__).parent / "fixed-ports" / "topology.yaml")


def test_every_endpoint_has_its_number() -> None:
    brokers = plan_named(TOPOLOGY, {}, port_base=21000).plan.brokers
    assert {its.name: dict(its.ports) for broker in brokers for its in broker.instances} == {
        "one": {"openwire": 21000, "amqp": 21001, "stomp": 21002, "mqtt": 18883, "wss": 21004, "console": 18162},
        "pair-1": {"openwire": 21006, "amqp": 21007, "stomp": 21008, "mqtt": 18884, "wss": 21010, "console": 21011},
        "pair-2": {"openwire": 21012, "amqp": 21013, "stomp": 21014, "mqtt": 18885, "wss": 21016, "console": 21017},
    }


@pytest.mark.parametrize(
    ("base", "refused"),
    [
        (65525, "ports from 65525 on end with 65542\n  write a first port from 1024 to 65518"),
        (1000, "ports from 1000 on end with 1017\n  write a first port from 1024 to 1000"),
        (18880, f"{TOPOLOGY}:12:20: port 18884 of mqtt of pair-1 is also the port of wss of one, from 18880 on"),
    ],
)
def test_a_base_that_does_not_do_is_refused(base: int, refused: str) -> None:
    with pytest.raises(InputError) as raised:
        plan_named(TOPOLOGY, {}, port_base=base)
    assert refused in "\n".join(str(each) for each in raised.value.problems)
