"""A lab in memory that commands change: what one of them leaves on file, the next one finds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from lab.declare.loading import load
from lab.history import BrokerChanged
from lab.link.impairment import Setting
from lab.living.lab import Live
from lab.masking import Mask
from lab.network.vpc import Network
from lab.plan.control import Control, opening_control
from lab.plan.planning import plan
from lab.plan.values import Plan
from lab.runtime.note import Note
from lab.runtime.runtime import Opening
from lab.runtime.status import DirectionNow
from lab.shipped import shipped
from tests.replay.fake_lab import FakeLab

RUN = "20260101-101010-aaaaaa"


class Killed(BaseException):
    """The command was killed here."""


def opening_of(scenario: str) -> Opening:
    """Return how the lab of a shipped scenario is opened, to stay, with no folder."""
    its = plan(load(shipped("scenarios") / f"{scenario}.yaml", environment={}).topology, seed=7)
    return Opening(plan=its, run=RUN, scenario=scenario, folder=Path(), note_folder=Path(), passwords={}, detached=True)


class LiveLab(FakeLab):
    """Two brokers that stand, with a file that keeps what the commands leave."""

    def __init__(
        self, scenario: str = "one-way", *, ago: timedelta = timedelta(0), opening: Opening | None = None
    ) -> None:
        opening = opening or opening_of(scenario)
        super().__init__(opening.plan)
        opened = datetime.now(UTC) - ago
        self.note = Note(
            run=opening.run,
            scenario=opening.scenario,
            plan=opening.plan,
            control=opening_control(opening.plan, opened),
            folder=str(opening.folder),
            owner="",
            detached=opening.detached,
            replaying=opening.replaying,
            opened=opened,
            origin=None,
            runtime="memory",
            own={},
        )
        self.note_folder: Path | None = None  # nobody else is there to wait for
        self.rebooted: list[str] = []
        self.killed_at: str | None = None  # the command is killed when it is to stop this broker
        self.killed_before_noting = False
        self.unprepared: Exception | None = None  # what a broker's files cannot be written for

    def prepare(self, broker: str, plan: Plan, passwords: Mapping[str, int]) -> None:
        if self.unprepared is not None:
            raise self.unprepared
        super().prepare(broker, plan, passwords)

    def mask(self) -> Mask:
        return Mask()

    @property
    def control(self) -> Control:
        return self.note.control

    def refresh(self) -> bool:
        return True

    def enforce(self, network: Network) -> None:
        self.apply_network(network)

    def keep_control(self, control: Control) -> None:
        if self.killed_before_noting:
            raise Killed
        self.note = replace(self.note, plan=replace(self.note.plan, network=control.network), control=control)

    def link_now(self, link: str) -> tuple[DirectionNow, ...]:
        return tuple(
            DirectionNow(
                link=link,
                leaving=way.leaving,
                reaching=way.reaching,
                setting=Setting(impairment=self.impairments[link, way.leaving], state=self.states[link, way.leaving]),
            )
            for way in self.plan.link(link).directions
        )

    def stop(self, broker: str, *, within: float, instance: int = 1) -> BrokerChanged:
        if broker == self.killed_at:
            raise Killed
        self.rebooted.append(broker)
        return super().stop(broker, within=within, instance=instance)

    @property
    def live(self) -> Live:
        """Return the lab as another command finds it."""
        return Live(self)
