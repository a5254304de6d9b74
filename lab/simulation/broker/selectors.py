"""The selection of messages by a consumer's selector."""

from __future__ import annotations

from collections.abc import Callable

from lab.activemq.selectors import Untold, matches_over, properties
from lab.errors import PlanError
from lab.simulation.broker.message import Message


def selection(selector: str, connector: str) -> Callable[[Message], bool]:
    """Return the test that a selector makes; PlanError if its messages cannot be determined.

    Over a WebSocket it is STOMP's: MQTT has no selectors.
    """
    protocol = "stomp" if connector in ("stomp", "wss") else connector

    def takes(message: Message) -> bool:
        headers = properties(
            message.properties, group=message.group, priority=message.priority, persistent=message.persistent
        )
        try:
            return matches_over(protocol, selector, headers)
        except Untold as error:
            raise PlanError(f"the simulation cannot evaluate the selector {selector!r}: {error}") from error

    return takes
