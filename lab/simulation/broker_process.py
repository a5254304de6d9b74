"""A broker's process with all its parts: the broker, and its side of the network."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from lab.plan.values import InstancePlan, Plan
from lab.simulation.broker.broker import Broker
from lab.simulation.broker.calibrated_range import Tell
from lab.simulation.broker.consumers import ConsumerInfo
from lab.simulation.broker.observer import Observer
from lab.simulation.broker.settings import Costs as BrokerCosts
from lab.simulation.broker.store import Store
from lab.simulation.costs import Costs
from lab.simulation.kernel import Kernel
from lab.simulation.tcp.fabric import Fabric
from lab.simulation.wire import Wire

Log = Callable[[str, str, str], None]  # level, logger, text


class BrokerProcess:
    """One process, from the moment at which it has its store's lock."""

    def __init__(
        self,
        kernel: Kernel,
        fabric: Fabric,
        plan: Plan,
        name: str,
        instance: InstancePlan,
        store: Store,
        passwords: Mapping[str, str],
        costs: Costs,
        log: Log,
        changed: Callable[[], None],  # called when its bridges have, or the demand for its destinations
        leave_range: Tell,
        observer: Observer | None,
    ) -> None:
        self._fabric, self._plan, self._instance, self._log, self._changed = fabric, plan, instance, log, changed
        self.broker = Broker(
            kernel,
            plan.broker(name),
            instance,
            store,
            passwords=passwords,
            log=log,
            costs=BrokerCosts(
                message=costs.message,
                handling=costs.handling,
                first=costs.first,
                sync=costs.store_sync,
                capped=True,
            ),
            leave_range=leave_range,
            observer=observer,
        )
        self.wire: Wire | None = None

    @property
    def id(self) -> str:
        """Return the broker's id."""
        return self.broker.id

    def serve(self) -> None:
        """Listen on all ports, and start the network connectors."""
        self.broker.follow_consumers(self._consumer)
        self.wire = Wire(
            self.broker,
            self._instance,
            self._fabric,
            self._plan,
            seed=self._plan.seed,
            log=self._log,
            changed=self._changed,
        )
        self.wire.open()

    def _consumer(self, info: ConsumerInfo, added: bool) -> None:
        if info.network:
            self._changed()

    def stand(self, age: int) -> None:
        """Set periodic timers as if the process had run for so many ns longer."""
        self.broker.stand(age)
        if self.wire is not None:
            self.wire.stand(age)

    def stop(self) -> None:
        """Close everything in order."""
        if self.wire is not None:
            self.wire.stop()
        self.broker.stop()

    def halt(self) -> None:
        """End at once, without closing anything."""
        if self.wire is not None:
            self.wire.halt()
        self.broker.halt()

    def pause(self) -> None:
        """Freeze."""
        self.broker.pause()

    def resume(self) -> None:
        """Resume."""
        self.broker.resume()
