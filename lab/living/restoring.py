"""An open lab brought back to what it was: its links, its network, its connectors, and brokers without messages."""

from __future__ import annotations

from abc import abstractmethod
from contextlib import AbstractContextManager
from pathlib import Path

from lab.amazonmq.account.broker_record import BrokerState
from lab.dataclass import dataclass
from lab.errors import LabTimeout
from lab.history import Counted, SnapshotTaken
from lab.living.history import LivingHistory
from lab.living.state import State
from lab.network.vpc import Network
from lab.operating.network import put_back
from lab.plan.values import BridgePlan
from lab.runtime.status import DirectionNow

_BRIDGES_WITHIN = 120.0  # seconds; a connector tries again after at most 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """The links and the network of a lab at a moment, and the bridges that worked then."""

    links: tuple[DirectionNow, ...]
    network: Network
    bridges: tuple[BridgePlan, ...]


class Restoring(State):
    """The methods of an open lab that serve to use it again."""

    history: LivingHistory

    @abstractmethod
    def turn(self) -> AbstractContextManager[None]:
        """Hold the lab for a block."""

    @property
    def folder(self) -> Path:
        """Return the lab's run folder."""
        return Path(self.lab.note.folder)

    @property
    def runtime(self) -> str:
        """Return the name of the runtime that opened the lab."""
        return self.lab.note.runtime

    def snapshot(self, name: str) -> tuple[Counted | SnapshotTaken, ...]:
        """Record every counter of every broker under a name, for expectations on counters, and return them."""
        seen = tuple(self.lab.snapshot(name))
        self.history.record(*seen)
        return seen

    def condition(self) -> Condition:
        """Return the links and the network as they are, and the bridges that work now.

        >>> before = lab.condition()
        >>> _ = lab.cut()
        >>> lab.restore(before)
        >>> lab.links()[0].state
        'open'
        """
        plan = self.lab.note.plan
        return Condition(
            links=self.links(),
            network=self.lab.note.control.network,
            bridges=tuple(each for each in plan.bridges if self.lab.bridge_is_up(each)),
        )

    def restore(self, condition: Condition, *, within: float = _BRIDGES_WITHIN) -> None:
        """Bring links and network back to a condition, start its bridges' connectors, and return when they work.

        Raise LabTimeout if a bridge does not within so many seconds. Instances that are down stay down.
        """
        if self._differs(condition):  # else no turn need be waited for
            with self.turn():
                self._bring_back(condition, within)

    def purge(self) -> None:
        """Remove all messages from all brokers that run: of queues, and those kept for clients that are away.

        Durable subscriptions whose clients are away end, and topics without a listener go, with the message that they
        retained. Queues stay, empty; what is on its way between brokers still comes.
        """
        records = self.lab.note.control.account.brokers
        running = [each.name for each in records if each.state is BrokerState.RUNNING]
        actives = {each: self.lab.active(each) for each in running}
        self.lab.purge([each for each in running if actives[each] not in (None, *self._plane.stopped(each))])

    def _differs(self, condition: Condition) -> bool:
        return (
            self.links() != condition.links
            or self.lab.note.control.network != condition.network
            or not all(map(self.lab.bridge_is_up, condition.bridges))
        )

    def _bring_back(self, condition: Condition, within: float) -> None:
        for was, now in zip(condition.links, self.links(), strict=True):
            if was.setting != now.setting:
                its = was.setting
                self.history.record(
                    *self.lab.change_link(was.link, leaving=was.leaving, impairment=its.impairment, state=its.state)
                )
        if self.lab.note.control.network != condition.network:
            done = put_back(self.lab.note.control, self.lab, condition.network)
            self.lab.keep_control(done.control)
            self.history.record(*done.seen)
        self._mend(condition.bridges, within)

    def _mend(self, bridges: tuple[BridgePlan, ...], within: float) -> None:
        """Start the connectors of the bridges that do not work, and wait for these."""
        down = [each for each in bridges if not self.lab.bridge_is_up(each)]
        for broker, connector in dict.fromkeys((each.initiator, each.connector) for each in down):
            self.history.record(self.lab.change_connector(broker, connector, "start"))  # harmless if it is started
        if down and not self.lab.clock.wait(lambda: all(map(self.lab.bridge_is_up, down)), within):
            names = ", ".join(dict.fromkeys(each.connector for each in down if not self.lab.bridge_is_up(each)))
            raise LabTimeout(f"bridges that had worked did not within {within:g} s: {names}", "see: mqlab status")
