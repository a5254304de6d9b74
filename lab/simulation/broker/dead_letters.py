"""Dead letters: which messages become dead letters, and where the broker puts them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from lab.simulation.broker.audit import Audit
from lab.simulation.broker.destination import Node
from lab.simulation.broker.message import Message
from lab.simulation.broker.observer import CAUSE, Observer
from lab.simulation.broker.policies import DeadLetters
from lab.simulation.broker.store import Done
from lab.simulation.kernel import MILLISECOND


class Undertaker:
    """Sends dead letters to the queue of their destination's policy: `RegionBroker.sendToDeadLetterQueue`."""

    def __init__(
        self, now: Callable[[], int], send: Callable[[Message, Done], None], observer: Observer | None = None
    ) -> None:
        self._now, self._send, self._observer = now, send, observer
        self._audits: dict[tuple[DeadLetters, str], Audit] = {}

    def expire(self, node: Node, consumer: str = "") -> None:
        """Send a copy of an expired message to the dead letters: `RegionBroker.messageExpired`."""
        if self._observer is not None:
            self._observer.ended("expired", node, consumer)
        self.bury(node, f"Message Expired. Expiration:{(node.message.expires or 0) // MILLISECOND}", consumer)

    def bury(self, node: Node, cause: str, consumer: str = "") -> None:
        """Send a copy of a message to the dead letters, unless their rules exclude it; `consumer` is an id."""
        message, rules = node.message, node.destination.policy.dead_letters
        where = rules.queue_for(node.destination.name)
        if rules.discards or where == node.destination.name or not self._is_one(message, rules, where):
            if self._observer is not None:
                self._observer.ended("discarded", node, consumer, cause)
            return
        expires = self._now() + rules.expiration if rules.expiration > 0 else None
        properties = {**message.properties, CAUSE: f"java.lang.Throwable: {cause}"}
        copy = replace(
            message,
            destination=where,
            persistent=True,
            expires=expires,
            properties=properties,
            size=0,
            original=message.destination,
        )
        done = _nobody if self._observer is None else self._observer.buried(copy, node, consumer, cause)
        self._send(copy, done)

    def _is_one(self, message: Message, rules: DeadLetters, where: str) -> bool:
        """Return whether a message is for the dead letters: `AbstractDeadLetterStrategy.isSendToDeadLetterQueue`."""
        audit = self._audits.setdefault((rules, where), Audit())
        if rules.audited and not audit.is_new(message):
            return False
        if not message.persistent and not rules.non_persistent:
            return False
        return rules.expired or message.expires is None or message.expires > self._now()


def _nobody(_: str | None) -> None:
    """Ignore the outcome."""
