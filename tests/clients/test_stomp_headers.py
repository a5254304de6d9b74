"""What a MESSAGE of STOMP shows of a message, as real brokers and simulated ones write it."""

from __future__ import annotations

import pytest

from lab.clients.stomp_headers import of_whole
from lab.runtime.messages import Destination, Shown

OF_A_BROKER = {  # received from ActiveMQ 5.18.3
    "subscription": "subscription-1",
    "message-id": "ID:tokyo-1:1",
    "destination": "/topic/prices.eur",
    "timestamp": "1795575976000",
    "expires": "1795576006000",
    "priority": "7",
    "persistent": "true",
    "content-length": "4",
    "kind": "order",
    "correlation-id": "c",
}


def test_a_real_broker_tells_all_of_it() -> None:
    assert of_whole(OF_A_BROKER, now=0.0, typed=True) == Shown(
        Destination(kind="topic", name="prices.eur"),
        {"kind": "order", "correlation-id": "c"},
        persistent=True,
        priority=7,
        expiry=30.0,
        type="bytes",
        id="ID:tokyo-1:1",
    )


def test_what_a_broker_adds_to_a_message_of_mqtt_is_not_the_senders() -> None:
    found = of_whole(OF_A_BROKER | {"ActiveMQ.MQTT.QoS": "1"}, now=0.0, typed=True)
    assert found is not None and found.headers == {"kind": "order", "correlation-id": "c"}


def test_a_text_has_no_length_and_without_a_time_of_sending_now_counts() -> None:
    its = {name: value for name, value in OF_A_BROKER.items() if name != "content-length"} | {"timestamp": "0"}
    found = of_whole(its, now=1795576000.0, typed=True)
    assert found is not None
    assert (found.type, found.expiry) == ("text", 6.0)
    simulated = of_whole(its, now=1795576000.0, typed=False)
    assert simulated is not None
    assert simulated.type == "bytes"


@pytest.mark.parametrize("number", ["", "x", "-1", "1" * 5000, "\u0661"])
def test_numbers_that_are_none_are_no_error(number: str) -> None:
    found = of_whole(OF_A_BROKER | {"timestamp": number, "expires": number, "priority": number}, now=1.0, typed=True)
    assert found is not None
    assert (found.expiry, found.priority) == (None, 0)


@pytest.mark.parametrize("destination", ["prices", "/dsub/x", ""])
def test_without_a_destination_nothing_is_shown(destination: str) -> None:
    assert of_whole({"destination": destination}, now=0.0, typed=True) is None
