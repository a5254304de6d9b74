"""Names of destinations in each protocol, from ActiveMQ's names and back. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from lab.activemq.destinations import hears
from lab.errors import BrokerError, PlanError
from lab.runtime.messages import Destination

TEMPORARY = "temp-queue"
_STOMP = re.compile(r"/(?P<kind>queue|topic|remote-temp-queue)/(?P<name>.+)", re.DOTALL)
_SWAPPED = str.maketrans("/.+*#>", "./*+>#")  # ActiveMQ swaps each pair in both directions: MQTT's x.y/z is its x/y.z


def mqtt_topic(destination: Destination) -> str:
    """Return a topic's name in MQTT; raise PlanError for a queue, which MQTT does not have."""
    if destination.kind != "topic":
        raise PlanError(
            f"MQTT has no queues, so it cannot reach {destination}", "write topic: instead of queue:, or over: stomp"
        )
    return physical_name(destination.name)


@lru_cache(maxsize=1024)
def physical_name(topic: str) -> str:
    """Return ActiveMQ's name of an MQTT topic or filter, or MQTT's of ActiveMQ's."""
    return topic.translate(_SWAPPED)


def mqtt_subscribed(topic: str, subscriptions: Iterable[Destination], where: str) -> Destination:
    """Return the first subscription that hears an MQTT topic; raise BrokerError, with `where`, if there is none."""
    sent_to = Destination(kind="topic", name=physical_name(topic))
    for destination in subscriptions:
        if hears(str(destination), str(sent_to)):
            return destination
    raise BrokerError(f"{where} delivered a message for {sent_to}, to which no client subscribed")


def stomp_destination(destination: Destination) -> str:
    """Return a destination's name in STOMP, in which each part of a composite one has its prefix.

    Without, ActiveMQ would put the message into a queue named /queue/a as well.
    """
    if destination.kind == TEMPORARY:
        return f"/remote-temp-queue/{destination.name}"
    if "," not in destination.name:
        return f"/{destination.kind}/{destination.name}"
    return ",".join(f"/{destination.kind}/{name}" for name in destination.name.split(","))


def of_stomp(name: str | None) -> Destination | None:
    """Return the destination that a message's reply-to names in STOMP; None if it names none."""
    found = None if name is None else _STOMP.fullmatch(name)
    return None if found is None else Destination(kind=found["kind"].removeprefix("remote-"), name=found["name"])


def amqp_address(destination: Destination) -> str:
    """Return a destination's address in AMQP, with the prefix: without it ActiveMQ takes it for a queue."""
    return str(destination)
