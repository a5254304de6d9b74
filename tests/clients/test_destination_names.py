"""Each protocol writes a destination in its own way, and ActiveMQ swaps MQTT's characters both ways."""

from __future__ import annotations

import pytest

from lab.clients.destination_names import mqtt_topic, physical_name, stomp_destination
from lab.errors import PlanError
from lab.runtime.messages import Destination


@pytest.mark.parametrize(
    ("name", "topic"),
    [
        ("MQ Test Singapore-to-Tokyo", "MQ Test Singapore-to-Tokyo"),
        ("sg.to.tokyo", "sg/to/tokyo"),
        ("a.*.>", "a/+/#"),
        ("x/y.z", "x.y/z"),
    ],
)
def test_mqtt(name: str, topic: str) -> None:
    assert mqtt_topic(Destination(kind="topic", name=name)) == topic
    assert physical_name(topic) == name


def test_mqtt_has_no_queues() -> None:
    with pytest.raises(PlanError, match="MQTT has no queues"):
        mqtt_topic(Destination(kind="queue", name="orders"))


def test_stomp() -> None:
    assert stomp_destination(Destination(kind="topic", name="a.*")) == "/topic/a.*"
    assert stomp_destination(Destination(kind="queue", name="orders")) == "/queue/orders"
    assert stomp_destination(Destination(kind="queue", name="a,b")) == "/queue/a,/queue/b"
