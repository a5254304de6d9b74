"""The variables of an application in a region are those of `mqlab env`, with the lab's own names and no password."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from lab.check.scenarios import load_named
from lab.errors import InputError
from lab.plan.planning import plan
from lab.runtime.application.place import environment
from lab.runtime.hosts import Hosts
from lab.simulation.hosts import SimulatedHosts


def test_variables_are_named_as_the_ones_for_this_machine() -> None:
    scenario = load_named("failover", {})
    planned = plan(scenario.topology, seed=1)
    found = environment(planned, "run-1", [each.name for each in planned.brokers])
    first, second = planned.broker("singapore").instances
    assert found["MQLAB_SINGAPORE_1_OPENWIRE_URL"] == f"ssl://{first.host_name}:61617"
    assert found["MQLAB_SINGAPORE_2_MQTT_PORT"] == "8883"
    assert second.host_name in found["MQLAB_SINGAPORE_2_WSS_URL"]
    assert found["MQLAB_TRUST_STORE"] == "/etc/mqlab/truststore.p12" and found["MQLAB_CA_FILE"] == "/etc/mqlab/ca.pem"
    passwords = {each.get_secret_value() for its in scenario.topology.passwords().values() for each in its.values()}
    assert passwords and not passwords & set(found.values())


def test_a_broker_that_is_gone_has_none() -> None:
    planned = plan(load_named("tokyo-singapore", {}).topology, seed=1)
    assert not [name for name in environment(planned, "run-1", ["tokyo"]) if "SINGAPORE" in name]


@pytest.mark.parametrize(
    "verb",
    [
        lambda hosts: hosts.place("billing"),
        lambda hosts: hosts.run("billing", ["image"]),
    ],
)
def test_no_application_stands_in_a_simulation(verb: Callable[[Hosts], object]) -> None:
    with pytest.raises(InputError, match="no application can take billing's place: this lab is a simulation"):
        verb(SimulatedHosts())


def test_two_variables_of_one_name_are_refused() -> None:
    planned = plan(load_named("tokyo-singapore", {}).topology, seed=1)
    with pytest.raises(InputError, match="two parts of this lab would have the name MQLAB_TOKYO_OPENWIRE_URL"):
        environment(planned, "run-1", ["tokyo", "tokyo"])
