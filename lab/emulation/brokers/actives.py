"""Which instance of each broker is the active one: the one that has started. Nobody else serves, nor has management."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from threading import Lock

from lab.emulation.brokers.power import PAUSED, Power
from lab.emulation.state import BrokerState, InstanceState


class Actives:
    """The active instances, as last seen. A broker's only instance is its active one without a question."""

    def __init__(
        self, brokers: Mapping[str, BrokerState], power: Power, has_started: Callable[[InstanceState], bool]
    ) -> None:
        self._brokers = brokers
        self._power, self._has_started = power, has_started
        self._last = {name: broker.first for name, broker in brokers.items()}
        self._turns = {name: Lock() for name in brokers}

    def last(self, broker: str) -> InstanceState:
        """Return the instance that was active when somebody last looked."""
        return self._last[broker]

    def find(self, broker: str) -> InstanceState | None:
        """Return the instance that is active now; None while none of two has started, or while it is frozen."""
        instances = self._brokers[broker].instances
        if len(instances) == 1:
            return instances[0]
        with self._turns[broker]:
            last = self._last[broker]
            if self._power.state(last) == PAUSED:
                return None  # it keeps the store's lock, and asking would only take time
            for each in (last, *(other for other in instances if other is not last)):
                if self._power.answers(each) and self._has_started(each):
                    self._last[broker] = each
                    return each
            return None

    def holder(self, broker: str) -> InstanceState | None:
        """Return the instance that is active now, or that is frozen and lets no other one be active."""
        found = self.find(broker)
        return self._last[broker] if found is None and self._power.state(self._last[broker]) == PAUSED else found
