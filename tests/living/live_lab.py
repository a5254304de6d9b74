"""A simulated lab that commands change: what one of them leaves in its note, the next one finds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from lab.base.shipped import shipped
from lab.declare.loading import load
from lab.history import BrokerChanged
from lab.living.lab import Live
from lab.network.vpc import Network
from lab.plan.control import Control, opening_control
from lab.plan.planning import plan
from lab.plan.values import Plan
from lab.runtime.messages import Destination
from lab.runtime.runtime import Opening
from tests.spoilt_lab import SpoiltLab, opening_of, removing_folder

RUN = "20260101-101010-aaaaaa"


class Killed(BaseException):
    """The command was killed here."""


def opening(scenario: str) -> Opening:
    """Return how the lab of a shipped scenario is opened."""
    topology = load(shipped("scenarios") / f"{scenario}.yaml", environment={}).topology
    return replace(opening_of(plan(topology, seed=7), topology.passwords()), run=RUN, scenario=scenario)


class LiveLab(SpoiltLab):
    """The brokers of a scenario, which stand, and were opened some time ago by the machine's clock."""

    def __init__(
        self, scenario: str = "one-way", *, ago: timedelta = timedelta(0), opened: Opening | None = None
    ) -> None:
        its = opened or opening(scenario)
        super().__init__(replace(its, detached=False))
        at = datetime.now(UTC) - ago
        self.note = self.note.with_fields(
            control=opening_control(its.plan, at),
            detached=its.detached,
            opened=at,
            runtime="memory",
        )
        if opened is None:
            removing_folder(self)
        self.rebooted: list[str] = []
        self.killed_at: str | None = None  # the command is killed when it is to stop this broker
        self.killed_before_noting = False
        self.unprepared: Exception | None = None  # why a broker's files cannot be written
        self.wanted: Sequence[tuple[str, Destination]] = ()  # whose demand is watched

    @property
    def time(self) -> datetime:
        return datetime.now(UTC)

    @property
    def control(self) -> Control:
        return self.note.control

    @property
    def network(self) -> Network:
        """Return the network that packets obey."""
        return self.policies.network

    def prepare(self, broker: str, plan: Plan, passwords: Mapping[str, int]) -> None:
        if self.unprepared is not None:
            raise self.unprepared
        super().prepare(broker, plan, passwords)

    def keep_control(self, control: Control) -> None:
        if self.killed_before_noting:
            raise Killed
        super().keep_control(control)

    def stop(self, broker: str, *, within: float, instance: int = 1) -> BrokerChanged:
        if broker == self.killed_at:
            raise Killed
        self.rebooted.append(broker)
        return super().stop(broker, within=within, instance=instance)

    def watch_demand(self, demand: Sequence[tuple[str, Destination]]) -> None:
        self.wanted = demand
        super().watch_demand(demand)

    @property
    def live(self) -> Live:
        """Return the lab as another command finds it."""
        return Live(self)
