"""Time stamps: the effect of timeStampingBrokerPlugin on a message that comes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from lab.amazonmq.configurations.stamping import Stamping
from lab.simulation.broker.message import Message
from lab.simulation.kernel import MILLISECOND


def stamped(message: Message, plugins: Sequence[Stamping], now: int) -> Message:
    """Return a message as the plugins leave it, one after the other: `TimeStampingBrokerPlugin.send`."""
    for its in plugins:
        if message.timestamp is None or (message.path and not its.network):
            continue
        ceiling = its.ceiling * MILLISECOND
        lives = its.override * MILLISECOND if message.expires is None else message.expires - message.timestamp
        if 0 < ceiling < lives:
            lives = ceiling
        if not its.future_only or message.expires is None or lives + now > message.expires:
            message = replace(message, timestamp=now, expires=lives + now if lives > 0 else message.expires)
    return message
