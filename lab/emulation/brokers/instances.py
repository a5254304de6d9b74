"""The instances of a lab's brokers: their states, and the steps that change them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import docker
from lab.base.masking import Mask
from lab.declare.steps.base import State
from lab.emulation.brokers.adding import names_in, tell_names
from lab.emulation.brokers.containers import remove_store
from lab.emulation.brokers.power import Power
from lab.emulation.brokers.refusals import Refusals
from lab.emulation.engine import logs
from lab.emulation.engine.engine import explaining
from lab.emulation.network.congestion import default_here, set_congestion
from lab.emulation.state import InstanceState, LabState, read
from lab.emulation.watch.management import Management
from lab.errors import BrokerError
from lab.history import BrokerChanged
from lab.runtime.clock import Clock
from lab.runtime.state_file import StateFile
from lab.runtime.status import DOWN


@explaining
class Instances:
    """The instances of one lab; `note` and `mask` return the lab's present ones, `written` the state file."""

    def __init__(
        self,
        client: docker.DockerClient,
        state: LabState,
        power: Power,
        management: Management,
        refusals: Refusals,
        clock: Clock,
        *,
        note: Callable[[], StateFile],
        written: Callable[[], StateFile],
        mask: Callable[[], Mask],
        changed: Callable[[str], None],  # is called with a broker whose bridge ends may be lost
    ) -> None:
        self._docker, self._state, self._power, self._management = client, state, power, management
        self._refusals, self._clock = refusals, clock
        self._note, self._written, self._mask, self._changed = note, written, mask, changed

    def active(self, broker: str) -> int | None:
        """Return the number of the active instance; a frozen one counts, since it keeps its store's lock."""
        return self._management.active(broker)

    def state(self, broker: str, instance: int = 1) -> State:
        """Return an instance's state by the engine."""
        return self._power.found(self._instance(broker, instance))

    def has_ended(self, broker: str, instance: int = 1) -> bool:
        """Return whether an instance does not run, by the engine."""
        return self._power.look(self._instance(broker, instance)) == DOWN

    def stop(self, broker: str, *, within: float, instance: int = 1) -> BrokerChanged:
        """Stop an instance's container."""
        return self._change(broker, instance, lambda its: self._power.stop(its, within))

    def kill(self, broker: str, instance: int = 1) -> BrokerChanged:
        """Kill an instance's container."""
        return self._change(broker, instance, self._power.kill)

    def start(self, broker: str, instance: int = 1) -> BrokerChanged:
        """Start an instance's container."""
        holder, its = self._management.actives.holder(broker), self._instance(broker, instance)
        try:
            with self._power.switching(its):
                self._power.mark_starting(its)
                self._refusals.renew()  # before it runs: otherwise its own answers would be refused
                started = self._power.start(its)
                if self._state.places:  # names of brokers that the lab got later
                    note = self._written()  # a broker may have been added since: the addition names running ones alone
                    names = names_in(note, read(note).brokers)
                    tell_names(self._docker, [its.container], names, self._clock)
                image = str(self._docker.containers.get(self._state.router).attrs["Image"])
                default = default_here(self._docker, local=self._state.here)
                set_congestion(self._docker, its.container, image, self._note().plan.tcp, self._clock, default)
        except BrokerError:
            self._refusals.renew()
            raise
        return started.with_fields(standby=holder is not None and holder.name != its.name)

    def started(self, broker: str, instance: int = 1) -> bool:
        """Return whether an instance reports by its management that its last connector listens, or that it waits."""
        its = self._instance(broker, instance)
        if not self._management.is_ready(its):
            if (how := self._power.ended(its)) is not None:
                self._refusals.renew()
                raise BrokerError(f"broker {its.name} ended while starting: {how}", f"see: mqlab logs {its.name}")
            return False
        self._power.mark_started(its)
        return True

    def pause(self, broker: str, instance: int = 1) -> BrokerChanged:
        """Freeze an instance's processes."""
        return self._change(broker, instance, self._power.pause, look=False)

    def resume(self, broker: str, instance: int = 1) -> BrokerChanged:
        """Unfreeze an instance's processes."""
        return self._change(broker, instance, self._power.resume, look=False)

    def delete(self, broker: str) -> BrokerChanged:
        """Save the logs of a broker's containers, and remove the containers and the volume of a pair."""
        run = self._note().run
        logs.save(self._docker, run, Path(self._note().folder) / "logs", self._mask())
        for its in self._state.brokers[broker].instances:
            self._power.delete(its)
        remove_store(self._docker, run, broker)
        self._refusals.renew()
        deleted = BrokerChanged(t=self._clock.now(), broker=broker, state="deleted")
        self._changed(broker)
        return deleted

    def _instance(self, broker: str, number: int) -> InstanceState:
        return self._state.brokers[broker].instance(number)

    def _change(
        self, broker: str, number: int, change: Callable[[InstanceState], BrokerChanged], *, look: bool = True
    ) -> BrokerChanged:
        """Change an instance's power, and with `look` record lost bridge ends at once; return the change."""
        instance = self._instance(broker, number)
        standby = self._management.actives.last(broker).name != instance.name
        changed = change(instance).with_fields(standby=standby)
        self._refusals.renew()
        if look:
            self._changed(broker)
        return changed
