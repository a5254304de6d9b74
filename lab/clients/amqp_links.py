"""The links of an AMQP connection: one that sends, one of a subscription, one of a browser."""

from __future__ import annotations

from dataclasses import field
from typing import Any

from lab.clients import amqp_engine as engine
from lab.clients.base import Browsing
from lab.dataclass import dataclass
from lab.runtime.messages import Terms

# The messages that may arrive unacknowledged if a subscription sets no prefetch: the defaults of ActiveMQ's clients. A
# broker keeps 1000 more for a topic's subscriber, and drops further ones.
PREFETCH, PREFETCH_OF_A_TOPIC = 1000, 32_767
BROWSED = 65_536  # messages that a browser asks for; a broker shows far fewer


@dataclass(slots=True, eq=False)
class Outlet:
    """A sending link, and the sends over it that the broker has not answered yet."""

    sender: Any
    link: engine.Pointer  # the engine's link that the sender wraps
    # By delivery: the message's id and its tag.
    unanswered: dict[engine.Pointer, tuple[str, engine.Tag]] = field(default_factory=dict)
    refusal: str | None = None


@dataclass(slots=True, eq=False)
class Subscription:
    """A receiving link, and the messages over it that are not acknowledged yet."""

    name: str
    terms: Terms
    link: Any = None
    unsettled: dict[str, Any] = field(default_factory=dict)  # by token, in the order of arrival
    due: int = 0  # credit used up and not yet granted again

    @property
    def credit(self) -> int:
        """Return how many messages may arrive before one is acknowledged."""
        terms = self.terms
        usual = PREFETCH_OF_A_TOPIC if terms.destination.kind == "topic" and not terms.durable else PREFETCH
        return usual if terms.prefetch is None else terms.prefetch


@dataclass(slots=True, eq=False)
class Browser:
    """A receiving link that copies messages, until the broker has drained it."""

    link: Any
    browsing: Browsing
