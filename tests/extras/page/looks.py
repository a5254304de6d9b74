"""Two polls of a lab, made of values."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from lab.base.shipped import shipped
from lab.declare.loading import load
from lab.history import Counted, LinkSeen
from lab.history.display import Row, Weight
from lab.living.polls import Look
from lab.plan.control import opening_control
from lab.plan.planning import plan
from lab.runtime.clock import Origin
from lab.runtime.state_file import StateFile
from lab.runtime.status import BridgeStatus, BrokerStatus, LinkStatus, Status, Whereabouts

LINK = LinkSeen(
    t=10.0, link="tokyo-singapore", leaving="tokyo", reaching="singapore", configured_delay_ms=35.0,
    measured_p50_ms=35.1, measured_p99_ms=36.0, packets=400,
)  # fmt: skip
BRIDGE = BridgeStatus(
    connector="ocean", initiator="tokyo", responder="singapore", duplex=True, up=True, why_not="", ends=()
)
BROKER = BrokerStatus(name="tokyo", container="running", health="healthy", version="5.18.3", memory=412 * 2**20)


def counted(of: str, broker: str, name: str, remote: str = "", **counters: int) -> Counted:
    return Counted(t=12.0, snapshot="watch", broker=broker, of=of, name=name, counters=counters, remote=remote)


def look(t: float, *, sent: int, queued: int, session: str = "1") -> Look:
    its = plan(load(shipped("scenarios") / "one-way.yaml", environment={}).topology, seed=7)
    opened = datetime(2026, 1, 1, tzinfo=UTC)
    there = LINK.with_fields(t=t, packets=40 * int(t))
    back = LINK.with_fields(
        t=t, leaving="singapore", reaching="tokyo", measured_p50_ms=None, measured_p99_ms=None, packets=0
    )
    seen = (
        counted("bridge", "tokyo", "ocean", "singapore", dequeued=sent),
        counted("bridge", "singapore", "ocean", "tokyo", dequeued=7),
        counted("destination", "tokyo", "topic://news", enqueued=9, dequeued=9, queued=0, consumers=1),
        counted("destination", "singapore", "queue://invoices", enqueued=0, dequeued=0, queued=0, consumers=0),
        counted(
            "destination", "tokyo", "queue://orders", enqueued=sent, dequeued=sent - queued, queued=queued, consumers=1
        ),
    )
    exited = BrokerStatus(name="singapore", container="exited", health="none", version=None, memory=None)
    return Look(
        clock="14:03:22",
        t=t,
        status=Status(
            note=StateFile(
                run="20260101-101010-aaaaaa", scenario="one way", plan=its, control=opening_control(its, opened),
                folder="f", owner="o//1/1", opened=opened, origin=Origin(boot="another", monotonic=0.0),
                runtime="any", own={}, detached=True,
            ),
            whereabouts=Whereabouts(ca_file="ca", networks={}, brokers={}, reached_at="127.0.0.1"),
            owner_alive=True,
            brokers=(BROKER, exited),
            bridges=(BRIDGE, replace(BRIDGE, connector="spare", up=False, why_not="singapore has exited")),
            links=(
                LinkStatus(
                    name="tokyo-singapore", round_trip_ms=70.2, states=("open", "cut"), directions=(there, back)
                ),
            ),
            dropped=(),
        ),
        counted=tuple(each.with_fields(t=t, session=session) for each in seen),
        events=(
            Row(t=8.5, actor="step 1", text="began: cut tokyo-singapore", weight=Weight.STEP),
            Row(t=9.0, actor="tokyo-singapore", text="singapore to tokyo is cut", weight=Weight.FAULT),
        ),
    )  # fmt: skip


BEFORE, NOW = look(10.0, sent=100, queued=5), look(12.0, sent=125, queued=17)
