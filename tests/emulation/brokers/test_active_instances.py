"""Which instance of a pair is the active one, and since when that is known."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

from lab.emulation.brokers.active_instances import Actives
from lab.emulation.brokers.power import Power
from lab.emulation.state import BrokerState, InstanceState
from lab.runtime.status import UP


def instance(number: int) -> InstanceState:
    name = f"tokyo-{number}"
    return InstanceState(
        broker="tokyo", name=name, number=number, container=name, address="", ports={}, management_port=number
    )


def test_the_moment_is_that_of_whoever_saw_it_first() -> None:
    pair = BrokerState(instances=(instance(1), instance(2)), management_password="-")
    power = cast(Power, SimpleNamespace(state=lambda its: UP, may_answer=lambda its: True))
    serving, now = 1, 10.0
    actives = Actives({"tokyo": pair}, power, lambda its: its.number == serving, lambda: now)
    assert (actives.find("tokyo"), actives.seen("tokyo")) == (pair.instances[0], 0.0)
    serving, now = 2, 20.0
    assert (actives.find("tokyo"), actives.seen("tokyo")) == (pair.instances[1], 20.0)
    now = 20.5  # the watch looks
    assert (actives.find("tokyo"), actives.seen("tokyo")) == (pair.instances[1], 20.0)
    serving, now = 1, 30.0
    assert (actives.find("tokyo"), actives.seen("tokyo")) == (pair.instances[0], 30.0)
