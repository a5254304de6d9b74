"""The effect of timeStampingBrokerPlugin on the time that a message lives: `TimeStampingBrokerPlugin.send`.

The plugin looks at every message from a client, over each protocol, and not at dead letters.
"""

from __future__ import annotations

from lab.amazonmq.configurations.elements import Element
from lab.amazonmq.configurations.value_types import is_true
from lab.base.dataclass import dataclass

NAME = "timeStampingBrokerPlugin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamping:
    """One such plugin; times are in ms, and 0, or less, is none."""

    override: int = 0  # zeroExpirationOverride: how long a message lives that would for ever
    ceiling: int = 0  # ttlCeiling: how long a message lives at most
    future_only: bool = False  # no message is over earlier than its sender has asked
    network: bool = False  # processNetworkMessages: messages of bridges too

    def lives(self, asked: int | None) -> int | None:
        """Return how many ms a message lives from its arrival, given its sender's time to live; None: for ever."""
        if asked is None:
            asked = self.override if self.override > 0 else None
            return asked if asked is None or self.ceiling <= 0 else min(asked, self.ceiling)
        return asked if self.ceiling <= 0 or self.future_only else min(asked, self.ceiling)


def stampings(broker: Element) -> tuple[Stamping, ...]:
    """Return the plugins of a configuration's broker, in the order in which they look at a message: the last first."""
    found = [each for group in broker.children_named("plugins") for each in group.children_named(NAME)]
    return tuple(
        Stamping(
            override=_whole(each.get("zeroExpirationOverride")),
            ceiling=_whole(each.get("ttlCeiling")),
            future_only=is_true(each.get("futureOnly")),
            network=is_true(each.get("processNetworkMessages")),
        )
        for each in reversed(found)
    )


def _whole(text: str | None) -> int:
    """Return a whole number; 0 for any other text, which Amazon MQ removes."""
    try:
        return int(text or 0)
    except ValueError:
        return 0
