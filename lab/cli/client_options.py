"""The options of commands that are clients of a broker: the broker, the destination, the protocol, the user."""

from __future__ import annotations

from lab.activemq import protocols
from lab.activemq.protocols import PROTOCOLS
from lab.base.suggestions import unknown
from lab.base.units import parse_duration
from lab.cli import options
from lab.cli.options import option
from lab.errors import InputError
from lab.living import conversation
from lab.runtime.messages import Destination

TOPIC = option("--topic NAME", "The topic, as ActiveMQ names it, for example prices.eur.")
QUEUE = option("--queue NAME", "The queue, as ActiveMQ names it, for example orders.")
OVER = option(
    "--over PROTOCOL", f"The protocol: {', '.join(PROTOCOLS)} (default: mqtt for a topic, stomp for a queue)."
)
USER = option("--user NAME", "The user that logs in (default: the first user of the broker).")


def destination(topic: str | None, queue: str | None) -> Destination:
    """Return the destination of --topic or --queue; raise InputError, which names both, unless exactly one is set."""
    return conversation.destination(topic, queue, lambda kind, name: f"--{kind} {name}")


def protocol(over: str | None, queue: str | None) -> str:
    """Return a client's protocol, or the default for its destination; raise InputError for a queue over MQTT."""
    if over is not None and over not in PROTOCOLS:
        raise InputError([unknown("protocol", over, PROTOCOLS, "protocols", None)])
    if over is not None and queue is not None and is_mqtt(over):
        raise InputError.of(f"--queue: {over} has no queues", "write --over stomp or --over amqp")
    return over or ("mqtt" if queue is None else "stomp")


def is_mqtt(over: str) -> bool:
    """Return whether clients speak MQTT, in a WebSocket or not."""
    return protocols.protocol(over) == "mqtt"


def seconds(option: str, text: str) -> float:
    """Return the seconds of an option's duration; raise InputError, which names the option, for any other text."""
    try:
        return parse_duration(text).total_seconds()
    except (ValueError, OverflowError) as error:
        raise options.refused_quantity(option, text, error, "s") from error
