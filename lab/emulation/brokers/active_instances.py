"""The active instance of each broker: the one that has started. No other instance serves clients or management."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from threading import Lock

from lab.emulation.brokers.power import Power
from lab.emulation.state import BrokerState, InstanceState
from lab.runtime.status import PAUSED


class Actives:
    """Finds and remembers the active instances. A broker's only instance is always taken for active."""

    def __init__(
        self,
        brokers: Mapping[str, BrokerState],
        power: Power,
        has_started: Callable[[InstanceState], bool],
        now: Callable[[], float],
    ) -> None:
        self._now, self._found_at = now, dict.fromkeys(brokers, 0.0)
        self._brokers = brokers
        self._power, self._has_started = power, has_started
        self._last = {name: broker.first for name, broker in brokers.items()}
        self._turns = {name: Lock() for name in brokers}

    def last(self, broker: str) -> InstanceState:
        """Return the instance that was found active last."""
        return self._last[broker]

    def remember_frozen(self, instance: InstanceState) -> None:
        """Remember a frozen instance as the last active one, as another process recorded it."""
        with self._turns[instance.broker]:
            if self._power.state(instance) == PAUSED:
                self._last[instance.broker] = instance

    def seen(self, broker: str) -> float:
        """Return when the `last` instance of a pair was first found active, by any thread; 0 if it always was."""
        return self._found_at[broker]

    def find(self, broker: str) -> InstanceState | None:
        """Return the instance that is active now; None while no instance of a pair has started, or it is frozen."""
        instances = self._brokers[broker].instances
        if len(instances) == 1:
            return instances[0]
        with self._turns[broker]:
            last = self._last[broker]
            if self._power.state(last) == PAUSED:
                return None  # it keeps the store's lock, and a request would only time out
            for each in (last, *(other for other in instances if other is not last)):
                if self._power.may_answer(each) and self._has_started(each):
                    if each is not last:
                        self._last[broker], self._found_at[broker] = each, self._now()
                    return each
            return None

    def holder(self, broker: str) -> InstanceState | None:
        """Return the instance that is active now, or that is frozen and keeps the store's lock."""
        found = self.find(broker)
        return self._last[broker] if found is None and self._power.state(self._last[broker]) == PAUSED else found
