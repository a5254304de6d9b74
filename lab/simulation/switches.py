"""The switches of a simulated lab's instances: stop, kill, start, pause, resume; and what state each is in."""

from __future__ import annotations

from abc import ABC, abstractmethod

from lab.declare.steps.broker import State
from lab.history import BrokerChanged
from lab.simulation.instances import Power


class Switches(ABC):
    """The part of a lab that switches its instances."""

    power: Power

    @abstractmethod
    def _changed(self, broker: str) -> None:
        """Take note that a broker may have changed."""

    def active(self, broker: str) -> int | None:
        """Return the number of the active instance; a frozen one counts, since it keeps its store's lock."""
        its = self.power.holder(broker)
        return None if its is None else its.number

    def instance_state(self, broker: str, instance: int = 1) -> State:
        """Return an instance's state."""
        return self.power.instance(broker, instance).now

    def has_ended(self, broker: str, instance: int = 1) -> bool:
        """Return whether an instance does not run."""
        return self.instance_state(broker, instance) is State.DOWN

    def stop(self, broker: str, *, within: float, instance: int = 1) -> BrokerChanged:
        """Stop an instance."""
        return self._switch(broker, instance, "stop", within)

    def kill(self, broker: str, instance: int = 1) -> BrokerChanged:
        """Kill an instance."""
        return self._switch(broker, instance, "kill")

    def start(self, broker: str, instance: int = 1) -> BrokerChanged:
        """Start an instance."""
        return self._switch(broker, instance, "start")

    def pause(self, broker: str, instance: int = 1) -> BrokerChanged:
        """Freeze an instance."""
        return self._switch(broker, instance, "pause")

    def resume(self, broker: str, instance: int = 1) -> BrokerChanged:
        """Let an instance go on."""
        return self._switch(broker, instance, "resume")

    def _switch(self, broker: str, instance: int, change: str, within: float = 0.0) -> BrokerChanged:
        changed = self.power.change(broker, instance, change, within)
        self._changed(broker)
        return changed
