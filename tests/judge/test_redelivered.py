"""What a broker's mark "redelivered" proves, protocol by protocol: that it gave a message before, not to whom."""

from __future__ import annotations

import pytest

from lab.history import (
    Acknowledged,
    ClientChanged,
    Ended,
    Header,
    Observation,
    Publishing,
    Received,
    SendOutcome,
    Sent,
    Settled,
    Subscribed,
)
from lab.judge import Streamed, judge
from lab.judge.values import Delivery

HEADER = Header(run="r", scenario="s", seed=1, runtime="emulation", started="", declared={}, mqlab="0")


def subscribed(
    t: float, over: str, client: str = "ear", destination: str = "topic://x", ack: str = "auto"
) -> Subscribed:
    return Subscribed(
        t=t, client=client, broker="b", over=over, destination=destination, step=1, durable=True, ack=ack
    )  # fmt: skip


def sent(destination: str = "topic://x") -> list[Observation]:
    return [
        Publishing(
            t=1, step=2, client="p", broker="b", over="stomp", destination=destination, count=1, persistent=True,
            body="generated",
        ),
        Sent(t=1, id="2-1"),
        Acknowledged(t=1, id="2-1"),
    ]  # fmt: skip


def received(t: float, *, client: str = "ear", destination: str = "topic://x", again: bool = False) -> Received:
    return Received(t=t, client=client, destination=destination, id="2-1", redelivered=again)


def lost(t: float, client: str = "ear") -> ClientChanged:
    return ClientChanged(t=t, client=client, broker="b", state="lost")


def delivery(*seen: Observation) -> Delivery:
    (found,) = judge((), Streamed(HEADER, [*seen, Ended(t=20, complete=True)])).deliveries
    return found


@pytest.mark.parametrize(
    ("over", "duplicates"), [("mqtt", 0), ("mqtt-wss", 0), ("amqp", 0), ("stomp", 1), ("stomp-wss", 1)]
)
def test_after_a_lost_connection_only_what_no_broker_confirms_may_come_again(over: str, duplicates: int) -> None:
    """Over STOMP the broker itself has done with a message that it hands over, so it knows."""
    its = delivery(
        subscribed(0, over), *sent(), received(2), lost(3), subscribed(4, over), received(5, again=True)
    )  # fmt: skip
    assert (its.duplicated, its.redelivered) == (duplicates, 1 - duplicates)


@pytest.mark.parametrize("over", ["mqtt", "amqp", "stomp"])
def test_without_a_mark_or_a_break_it_is_a_duplicate(over: str) -> None:
    unmarked = delivery(subscribed(0, over), *sent(), received(2), lost(3), subscribed(4, over), received(5))
    unbroken = delivery(subscribed(0, over), *sent(), received(2), received(5, again=True))
    before = delivery(lost(0.5), subscribed(0.7, over), *sent(), received(2), received(5, again=True))
    assert unmarked.duplicated == unbroken.duplicated == before.duplicated == 1


@pytest.mark.parametrize("over", ["amqp", "stomp"])
@pytest.mark.parametrize(("answer", "duplicates"), [(SendOutcome.OK, 1), (SendOutcome.UNKNOWN, 0)])
def test_what_a_broker_has_confirmed_it_may_not_send_again(over: str, answer: SendOutcome, duplicates: int) -> None:
    its = delivery(
        subscribed(0, over, ack="client-individual"),
        *sent(),
        received(2).with_fields(pending=True),
        Settled(t=2.5, client="ear", destination="topic://x", id="2-1", outcome=answer),
        lost(3),
        subscribed(4, over, ack="client-individual"),
        received(5, again=True),
    )
    assert (its.duplicated, its.redelivered) == (duplicates, 1 - duplicates)


@pytest.mark.parametrize(("over", "duplicates"), [("amqp", 0), ("stomp", 1)])
def test_another_of_a_queue_may_get_what_the_first_could_not_confirm(over: str, duplicates: int) -> None:
    queue = "queue://x"
    its = delivery(
        subscribed(0, over, "one", queue), *sent(queue), received(2, client="one", destination=queue), lost(3, "one"),
        subscribed(4, over, "two", queue), received(5, client="two", destination=queue, again=True),
    )  # fmt: skip
    assert (its.duplicated, its.redelivered) == (duplicates, 1 - duplicates)
