"""The state that all bridge ends of one broker process share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import field
from random import Random

from lab.activemq.forwarding.durable import is_synced
from lab.base.dataclass import dataclass
from lab.simulation.bridge.settings import ConnectorSettings
from lab.simulation.broker.broker import Broker, Log
from lab.simulation.broker.consumers import ConsumerInfo
from lab.simulation.broker.process import Process
from lab.simulation.broker.sentences import Sentence


@dataclass(slots=True, eq=False, kw_only=True)
class Host:
    """A broker process with bridge ends."""

    broker: Broker
    instance: str
    log: Log
    changed: Callable[[], None]  # called when an end has come or gone
    address: Callable[[str], str]  # of a host: its IP address
    replace_duplicate: Callable[[str], None] = lambda local_id: None
    demanded: dict[str, ConsumerInfo] = field(default_factory=dict)  # of all ends, by local id, in the order they came
    ends: Counter[str] = field(default_factory=Counter)  # that are up, by the id of the broker that each leads to
    sync_counts_ttl: bool = False  # AMQ-9689: the broker's release counts the TTL of durable subscriptions
    dice: Random  # which of several such ends learns first of a consumer
    _transports: int = field(default=0)

    @property
    def process(self) -> Process:
        """Return the process, whose clock all ends use."""
        return self.broker.process

    def durable_subscriptions(self, settings: ConnectorSettings) -> tuple[ConsumerInfo, ...]:
        """Return the broker's durable subscriptions for a bridge of a connector: `getBrokerSubscriptionInfo`."""
        return tuple(
            info
            for info in self.broker.all_durables()
            if is_synced(
                settings.forwarding,
                settings.name,
                info.destination,
                client=info.client,
                name=info.durable or "",
                counts_ttl=self.sync_counts_ttl,
            )
        )

    def say(self, sentence: Sentence) -> None:
        """Write a sentence to the broker's log."""
        self.log(*sentence)

    def next_vm(self, *, duplex: bool) -> str:
        """Return the name of a new connection of a bridge to its own broker; each takes two numbers."""
        number = self._transports
        self._transports += 4 if duplex else 2
        return f"vm://{self.broker.name}#{number}"
