"""How ActiveMQ's name of a destination is written in each protocol. Pure."""

from __future__ import annotations

from lab.errors import PlanError
from lab.runtime.messages import Destination

_SWAPPED = str.maketrans("/.+*#>", "./*+>#")  # ActiveMQ swaps each pair both ways: x.y/z over MQTT is its x/y.z


def mqtt_topic(destination: Destination) -> str:
    """Return a destination's name in MQTT, which has only topics."""
    if destination.kind != "topic":
        raise PlanError(f"MQTT has no queues, so it cannot reach {destination}", "use a topic, or over: stomp")
    return destination.name.translate(_SWAPPED)


def physical_name(topic: str) -> str:
    """Return ActiveMQ's name of an MQTT topic or filter."""
    return topic.translate(_SWAPPED)


def stomp_destination(destination: Destination) -> str:
    """Return a destination's name in STOMP."""
    return f"/{destination.kind}/{destination.name}"


def amqp_address(destination: Destination) -> str:
    """Return a destination's address in AMQP; without the prefix ActiveMQ takes it for a queue."""
    return str(destination)
