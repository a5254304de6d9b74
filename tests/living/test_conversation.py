"""Names of topics and queues in programs: as ActiveMQ shows them, and exactly one."""

from __future__ import annotations

import pytest

from lab.errors import InputError
from lab.living.conversation import destination
from lab.runtime.messages import Destination


def test_a_destination_is_named_as_activemq_shows_it() -> None:
    assert destination(None, "orders") == Destination(kind="queue", name="orders")
    assert destination("prices.>", None) == Destination(kind="topic", name="prices.>")


@pytest.mark.parametrize(
    ("topic", "queue", "right"),
    [
        (None, "/queue/orders", "queue='orders'"),
        (None, "queue://orders", "queue='orders'"),
        ("queue:orders", None, "queue='orders'"),
        (None, "orders,/topic/prices", "queue='orders', or topic='prices'"),
        (None, "orders?consumer.prefetchSize=1", "queue='orders'"),
        (" a, Queue://b", None, "topic='a', or queue='b'"),
        (None, "/temp-queue/answers", "name one that stays"),
        ("a", "b", "topic='prices.eur', or queue='orders'"),
    ],
)
def test_a_protocols_name_is_refused(topic: str | None, queue: str | None, right: str) -> None:
    with pytest.raises(InputError) as refused:
        destination(topic, queue)
    assert refused.value.problems[0].remedy == right
