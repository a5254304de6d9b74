"""Who may be taken into a host's place: a container that is in no other."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from lab.emulation.engine import labels
from lab.emulation.hosts.hosts import EmulatedHosts
from lab.emulation.network.networks import region_network
from lab.emulation.state import LabState
from lab.errors import InputError
from tests.emulation.hosts.test_moved_containers import RUN, Engine, move
from tests.polled_clock import PolledClock

OTHER = "20260102-101010-bbbbbb"


def test_one_that_is_in_another_labs_place_is_not_taken_from_there() -> None:
    engine: Any = Engine()
    move(engine)
    stood = list(engine.app.on)
    engine.add_network(region_network(OTHER, "tokyo"), {labels.RUN: OTHER})
    planned = SimpleNamespace(hosts=[SimpleNamespace(name="billing", region="tokyo")])
    note: Any = SimpleNamespace(run=OTHER, plan=planned, deleted=())
    state = LabState(ca_file="", router="r", networks={}, brokers={}, hosts={"billing": "10.213.9.10"})
    hosts = EmulatedHosts(engine, state, PolledClock(), lambda: note)
    with pytest.raises(
        InputError, match=f"app cannot be taken into billing's place: it is in the place of a host of lab {RUN}"
    ):
        hosts.attach("billing", "app")
    assert engine.app.on == stood
