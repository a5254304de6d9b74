"""`mqlab status --json`: a lab as values of JSON, whatever was seen of it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from io import StringIO

import pytest
from rich.console import Console

from lab.activemq.protocols import ENDPOINTS
from lab.base.shipped import shipped
from lab.cli.status_text import show_endpoints, to_dict
from lab.declare.loading import load
from lab.history import BridgeSeen, LinkSeen, PacketsDropped
from lab.plan.control import opening_control
from lab.plan.planning import plan
from lab.runtime.clock import Origin
from lab.runtime.state_file import StateFile
from lab.runtime.status import BridgeStatus, LinkStatus, Reached, Status, Whereabouts

PORTS = {each.name: 1 for each in ENDPOINTS}
END = BridgeSeen(
    t=2.5,
    connector="c",
    broker="tokyo",
    remote="singapore",
    remote_address="a:1",
    up=True,
    created_by_duplex=False,
    received=3,
)
DIRECTION = LinkSeen(
    t=2.5,
    link="l",
    leaving="tokyo",
    reaching="singapore",
    configured_delay_ms=35.0,
    measured_p50_ms=None,
    measured_p99_ms=None,
    packets=4,
    dropped={"loss": 1},
)
DROPPED = PacketsDropped(t=1.0, source="tokyo", target="singapore", at="way", cause="none", packets=2)


def test_what_was_seen_is_told_by_its_fields() -> None:
    opened = datetime(2026, 1, 1, tzinfo=UTC)
    its = plan(load(shipped("scenarios") / "one-way.yaml", environment={}).topology, seed=7)
    told = to_dict(
        Status(
            note=StateFile(
                run="r", scenario="s", plan=its, control=opening_control(its, opened), folder="f", owner="o//1/1",
                opened=opened, origin=Origin(boot="another", monotonic=0.0), runtime="any", own={}, detached=True,
            ),
            whereabouts=Whereabouts(
                ca_file="ca",
                reached_at="docker",
                networks={},
                brokers={each.name: (Reached(number=1, address="10.0.0.1", ports=PORTS),) for each in its.brokers},
            ),
            owner_alive=True,
            brokers=(),
            bridges=(
                BridgeStatus(
                    connector="c",
                    initiator="tokyo",
                    responder="singapore",
                    duplex=True,
                    up=True,
                    why_not="",
                    ends=(END,),
                ),
            ),
            links=(LinkStatus(name="l", round_trip_ms=70.0, directions=(DIRECTION,), states=("open",)),),
            dropped=(DROPPED,),
        )
    )  # fmt: skip
    (bridge,), (link,), (dropped,) = (json.loads(json.dumps(told[name])) for name in ("bridges", "links", "dropped"))
    (end,) = bridge["ends"]
    assert (end["t"], end["broker"], end["up"], end["received"]) == (2.5, "tokyo", True, 3)
    (direction,) = link["directions"]
    assert (direction["t"], direction["configured_delay_ms"], direction["dropped"]) == (2.5, 35.0, {"loss": 1})
    assert dropped == {"source": "tokyo", "target": "singapore", "at": "way", "cause": "none", "packets": 2}


@pytest.mark.parametrize("observed", [True, False])
def test_an_observed_lab_names_the_commands_that_judge_its_applications(observed: bool) -> None:
    opened = datetime(2026, 1, 1, tzinfo=UTC)
    topology = load(shipped("scenarios") / "one-way.yaml", environment={}).topology
    its = plan(topology.model_copy(update={"observe": ("orders.>",)}) if observed else topology, seed=7)
    note = StateFile(
        run="r", scenario="s", plan=its, control=opening_control(its, opened), folder="f", owner="o//1/1",
        opened=opened, origin=Origin(boot="another", monotonic=0.0), runtime="any", own={}, detached=True,
    )  # fmt: skip
    reached = {each.name: (Reached(number=1, address="", ports=PORTS),) for each in its.brokers}
    where = Whereabouts(ca_file="ca", reached_at="localhost", networks={}, brokers=reached)
    console = Console(file=StringIO(), width=120)
    show_endpoints(note, where, console)
    printed = console.file.getvalue()  # type: ignore[attr-defined]  # it is the StringIO
    assert ("messages to orders.>:" in printed) is observed
    assert ("  mqlab judge r --scenario FILE" in printed) is observed
    assert ("  mqlab trace last:DESTINATION r" in printed) is observed
