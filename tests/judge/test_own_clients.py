"""The lab's own clients as applications: where `clients` names them, the events inside the brokers alone decide."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from lab.declare.expectations.messages import Delivered
from lab.history import (
    Acknowledged,
    ConsumerSeen,
    Ended,
    Header,
    MessageSeen,
    Observation,
    ObserverChanged,
    Publishing,
    Received,
    Sent,
    Subscribed,
)
from lab.judge import Streamed, judge
from lab.judge.values import Outcome, Verdict

from .test_truth import HEADER

QUEUE, READER = "queue://orders", f"mqlab-{HEADER.run}-reader"
TOPOLOGY = {**HEADER.declared.get("topology", {}), "observe": ["orders"]}
WRITTEN = [  # by the lab's own clients: reader had the message
    Subscribed(t=1.1, client="reader", broker="tokyo", over="stomp", destination=QUEUE, step=1),
    Publishing(
        t=2,
        step=2,
        client="shop",
        broker="tokyo",
        over="stomp",
        destination=QUEUE,
        count=1,
        persistent=True,
        body="generated",
    ),
    Sent(t=2, id="2-1"),
    Acknowledged(t=2.1, id="2-1"),
    Received(t=2.2, client="reader", destination=QUEUE, id="2-1"),
]
INSIDE = [  # and inside the broker: reader has acknowledged nothing
    ConsumerSeen(
        t=1, broker="tokyo", consumer="c", state="subscribed", destination=QUEUE, client_id=READER, over="stomp"
    ),
    MessageSeen(
        t=2, broker="tokyo", event="sent", message="ID:1", destination=QUEUE, client_id=f"mqlab-{HEADER.run}-shop"
    ),
    MessageSeen(t=2.1, broker="tokyo", event="dispatched", message="ID:1", destination=QUEUE, consumer="c"),
]


def header(runtime: str, clients: dict[str, Any] | None = None, steps: tuple[object, ...] = ()) -> Header:
    declared = {**HEADER.declared, "topology": TOPOLOGY, "clients": clients or {}, "steps": [*steps]}
    return replace(HEADER, runtime=runtime, declared=declared)


def verdict(header: Header, *more: Observation, to: str) -> Verdict:
    lines = sorted([*WRITTEN, *INSIDE, *more], key=lambda seen: seen.t)
    expectation = Delivered.model_validate({"to": to, "queue": "orders", "promise": "exactly-once", "within": "5s"})
    (found,) = judge([expectation], Streamed(header, [*lines, Ended(t=30.0, complete=True)])).verdicts
    return found


NAMED = {"billing": {"client-id": "mqlab-*-reader"}}


def test_without_names_the_labs_own_clients_are_judged_by_their_own_records() -> None:
    assert verdict(header("simulation"), to="reader").outcome is Outcome.PASSED


def test_in_a_simulation_a_name_is_that_of_the_labs_own_client_by_its_client_id() -> None:
    its = verdict(header("simulation", NAMED), to="billing")
    assert (its.outcome, its.reason.split(",")[0]) == (
        Outcome.UNKNOWN,
        "1 of 1 was dispatched to billing and not acknowledged",
    )


def test_a_client_that_no_name_fits_keeps_its_own() -> None:
    others = {"billing": {"client-id": "other"}}
    assert verdict(header("simulation", others), to="reader").outcome is Outcome.UNKNOWN


def test_on_real_brokers_a_client_id_that_a_step_gives_is_named_too() -> None:
    step = {"subscribe": {"client": "reader", "client-id": "billing-1"}}
    named = {"billing": {"client-id": "billing-*"}}
    inside = [each.with_fields(client_id="billing-1") if isinstance(each, ConsumerSeen) else each for each in INSIDE]
    lines = sorted([*WRITTEN, *inside], key=lambda seen: seen.t)
    expectation = Delivered.model_validate({"to": "billing", "promise": "exactly-once", "within": "5s"})
    ended = Ended(t=30.0, complete=True)
    (its,) = judge([expectation], Streamed(header("emulation", named, (step,)), [*lines, ended])).verdicts
    assert its.outcome is Outcome.UNKNOWN, its.reason


def test_on_real_brokers_a_name_that_fits_no_step_is_that_of_an_application() -> None:
    its = verdict(header("emulation", {"billing": {"client-id": "billing"}}), to="reader")
    assert its.outcome is Outcome.PASSED, its.reason


def test_lost_events_decide_nothing_where_no_application_took_part() -> None:
    lost = ObserverChanged(t=3, broker="tokyo", state="lost", since=2.5, why="its buffer of events was full")
    assert verdict(header("emulation"), lost, to="reader").outcome is Outcome.PASSED
    its = verdict(header("emulation", {"billing": {"client-id": "billing"}}), lost, to="reader")
    assert its.outcome is Outcome.UNKNOWN, its.reason
