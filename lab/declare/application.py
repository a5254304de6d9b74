"""An application, which is a client that the lab does not run; observers in the brokers see its connections."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from lab.declare.fields import Declared
from lab.declare.references import BrokerName


class Application(Declared):
    """An application whose messages are judged: all connections to the brokers that fit the pattern."""

    client_id: str = Field(min_length=1, max_length=200)
    """The client id of the application's connections; `*` stands for any characters."""
    broker: BrokerName | None = None
    """The broker that the application connects to (default: every broker)."""
    delivered_when: Literal["acknowledged", "dispatched"] = "acknowledged"
    """The event that counts as a delivery: the application's acknowledgement, or the broker's dispatch to it."""
