"""Messages by their sender, and by the broker of their receiver, of applications and of the lab's own clients."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from msgspec.structs import replace

from lab.declare.expectations.messages import Delivered
from lab.history import Acknowledged, Ended, Observation, Publishing, Received, Sent, Subscribed
from lab.judge import Streamed, judge
from lab.judge.values import Outcome, Verdict

from .test_applications import BEGAN, CLIENTS, OBSERVED, QUEUE, left, sent, subscribed, taken

PASSED, FAILED, UNKNOWN = Outcome.PASSED, Outcome.FAILED, Outcome.UNKNOWN
CASHIER = {"client-id": "cashier", "delivered-when": "acknowledged"}
HEADER = replace(OBSERVED, declared={**OBSERVED.declared, "clients": {**CLIENTS, "cashier": CASHIER}})
AT_TOKYO = {"broker": "tokyo"}


def verdict(*seen: Observation | Iterable[Observation], **fields: Any) -> Verdict:
    """Judge a history of these lines, which ends at 30 s."""
    lines = [line for each in (BEGAN, *seen) for line in ([each] if isinstance(each, Observation) else each)]
    expectation = Delivered.model_validate({"queue": "orders", "promise": "exactly-once", "within": "5s"} | fields)
    (found,) = judge([expectation], Streamed(HEADER, [*lines, Ended(t=30.0, complete=True)])).verdicts
    return found


def test_messages_of_others_do_not_count_for_a_sender() -> None:
    of_cashier = sent(3, 2).with_fields(client_id="cashier")
    lines = [subscribed(1), sent(2), of_cashier, *taken(2.1)]
    its = verdict(lines, **{"from": "shop"}, to="billing")
    assert its.outcome is PASSED, its.reason
    assert its.reason.startswith("1 of 1 reached billing")
    lost = verdict(lines, **{"from": "cashier"}, to="billing")
    assert lost.outcome is FAILED
    assert "first ID:2" in lost.reason
    assert lost.expectation.startswith("delivered: {queue: orders, to: billing, from: cashier")


def test_a_sender_of_whom_nothing_is_recorded_leaves_a_verdict_unknown() -> None:
    its = verdict(subscribed(1), sent(2), taken(2.1), **{"from": "cashier"}, to="billing")
    assert its.outcome is UNKNOWN
    assert its.reason == "nothing was sent to queue://orders by cashier while billing listened"


def test_without_a_name_each_client_at_the_broker_is_meant() -> None:
    its = verdict(subscribed(1, client="robot-7"), sent(2), taken(2.1), at="singapore")
    assert its.outcome is PASSED, its.reason
    assert its.reason.startswith("1 of 1 reached robot-7")


def test_a_message_that_a_client_at_another_broker_received_is_not_delivered() -> None:
    here = subscribed(1, "c2", "robot-8").with_fields(**AT_TOKYO)
    there = [each.with_fields(**AT_TOKYO) for each in taken(3.1, 2, "c2")]
    crossed = [each.with_fields(**AT_TOKYO, network=True) for each in taken(2.01, 1, "b1")]
    lines = [subscribed(1), here, sent(2), *crossed, *taken(2.1), sent(3, 2), *there]
    its = verdict(lines, at="singapore")
    assert its.outcome is FAILED
    assert its.reason.startswith("1 of 2 went to robot-8 instead of billing, first ID:2")
    assert verdict(lines).outcome is PASSED  # at any broker


def test_no_client_at_the_broker_leaves_a_verdict_unknown() -> None:
    its = verdict(subscribed(1), sent(2), taken(2.1), at="tokyo")
    assert its.outcome is UNKNOWN
    assert its.reason == "no client ever subscribed to queue://orders at tokyo"


def test_a_broker_that_acknowledges_by_itself_leaves_a_verdict_without_a_name_unknown() -> None:
    its = verdict(subscribed(1, client="robot-7"), sent(2), taken(2.1, automatic=True), at="singapore")
    assert its.outcome is UNKNOWN
    assert its.reason.startswith("the broker acknowledges for robot-7 while it dispatches")


def test_one_client_id_at_two_brokers_is_two_clients() -> None:
    here = subscribed(1, "c2", "robot-7").with_fields(**AT_TOKYO)
    there = [each.with_fields(**AT_TOKYO) for each in taken(3.1, 2, "c2")]
    lines = [subscribed(1, client="robot-7"), here, sent(2), *taken(2.1), sent(3, 2), *there]
    assert verdict(lines, at="singapore").outcome is FAILED
    assert verdict(lines, at="tokyo").outcome is FAILED


def test_an_application_at_two_brokers_is_at_neither_for_certain() -> None:
    moved = subscribed(4, "c2", "cashier").with_fields(**AT_TOKYO)
    first = subscribed(1, client="cashier")
    for lines in ([first, moved, sent(2), *taken(2.1)], [first, sent(2), *taken(2.1), left(3), moved]):
        its = verdict(lines, at="singapore")
        assert its.outcome is UNKNOWN
        assert its.reason == (
            "cashier subscribed at singapore and tokyo, so it is unknown which of them gave it a message"
        )


def test_nothing_may_come_from_a_sender_though_others_send() -> None:
    of_cashier = sent(3, 2).with_fields(client_id="cashier")
    lines = [subscribed(1), sent(2), *taken(2.1), of_cashier]
    silence = {"to": "billing", "promise": "nothing"}
    assert verdict(lines, **silence, **{"from": "shop"}).outcome is FAILED
    its = verdict(lines, **silence, **{"from": "cashier"})
    assert its.outcome is PASSED, its.reason


def test_a_message_of_an_unknown_sender_breaks_no_promise_of_silence_about_one() -> None:
    own = [
        Subscribed(t=1, client="sg", broker="singapore", over="stomp", destination=QUEUE, step=1),
        Publishing(
            t=1.5, step=2, client="tk", broker="tokyo", over="stomp", destination=QUEUE, persistent=True, body="given",
            count=1,
        ),
        Sent(t=2, id="2-1", digest="00"),
        Acknowledged(t=2.01, id="2-1"),
        Received(t=3, client="sg", destination=QUEUE, id=None, digest="11"),
    ]  # fmt: skip
    its = verdict(own, to="sg", promise="nothing", **{"from": "tk"})
    assert its.outcome is UNKNOWN
    assert its.reason == "sg received 1 message that no step of this run sent, perhaps by tk"


@pytest.mark.parametrize("field", [{"at": "tokyo"}, {"from": "shop"}])
def test_shares_are_of_the_whole_queue(field: dict[str, str]) -> None:
    asked = {"queue": "orders", "promise": "exactly-once", "shares": {"a": 1}} | field
    with pytest.raises(ValueError, match="shares apply to all messages of the queue: remove"):
        Delivered.model_validate(asked)
