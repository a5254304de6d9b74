"""A runtime of simulated labs that may stay: for tests of what goes by the protocol of a runtime, whichever it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from pydantic import SecretStr

from lab.activemq.protocols import ENDPOINTS
from lab.declare.scenario import Scenario
from lab.errors import HostError, InputError, Problem
from lab.plan.values import Plan
from lab.runtime import state_file as state_files
from lab.runtime.client import Endpoint
from lab.runtime.progress import Progress, Told
from lab.runtime.runtime import Finding, Image, Leftover, Lost, Opening, Removal, Sweep, Swept
from lab.runtime.state_file import StateFile
from lab.runtime.status import Reached, Whereabouts
from tests.living.live_lab import LiveLab

PORTS = {each.name: 20000 + number for number, each in enumerate(ENDPOINTS)}


class MemoryLab(LiveLab):
    """A lab that the runtime below opened, with ports on this machine, or so it says."""

    def __init__(self, opened: Opening) -> None:
        super().__init__(opened=opened)

    def endpoint(self, broker: str, over: str, user: str, client_id: str) -> Endpoint:
        password = SecretStr("not-a-real-password")
        port, ca_file = PORTS[over], Path("ca.pem")
        return Endpoint(host="localhost", port=port, ca_file=ca_file, user=user, password=password, client_id=client_id)

    def whereabouts(self) -> Whereabouts:
        brokers = {
            broker.name: tuple(Reached(number=its.number, address="", ports=PORTS) for its in broker.instances)
            for broker in self.note.plan.brokers
        }
        return Whereabouts(ca_file="ca.pem", reached_at="localhost", networks={}, brokers=brokers)


class Memory:
    """Labs in the memory of this process; `unreachable` is the error of one that cannot be reached."""

    def __init__(self, name: str = "memory", *, unreachable: HostError | None = None) -> None:
        self.name, self.unreachable = name, unreachable
        self.labs: dict[str, MemoryLab] = {}
        self.made_from: tuple[str, ...] = ("memory:1",)
        self.costs: Mapping[str, str] = {}
        self.ignored = ()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *of: object) -> None: ...

    def refusals(self, scenario: Scenario, plan: Plan) -> tuple[Problem, ...]:
        return ()

    def prepare(self, plan: Plan, told: Told, *, archive: Path | None = None, version: str | None = None) -> Self:
        return self

    @property
    def mixed(self) -> Mapping[str, str]:
        return {}

    def settle(self, plan: Plan) -> Plan:
        return plan

    @contextmanager
    def open(self, opening: Opening, progress: Progress) -> Iterator[MemoryLab]:
        lab = self.labs[opening.run] = MemoryLab(opening)
        try:
            yield lab
        finally:
            if not opening.detached:
                del self.labs[opening.run]

    def open_labs(self, note_folder: Path) -> tuple[StateFile, ...]:
        if self.unreachable is not None:
            raise self.unreachable
        return tuple(note for note in state_files.load_all(note_folder) if note.runtime == self.name)

    @contextmanager
    def attach(self, note: StateFile, note_folder: Path) -> Iterator[MemoryLab]:
        yield self.labs[note.run]

    def has_ended(self, note: StateFile) -> bool:
        return note.run not in self.labs

    def end(self, note: StateFile, note_folder: Path) -> Removal:
        state_files.forget(note.run, note_folder)
        return Removal(parts=0 if self.labs.pop(note.run, None) is None else 1)

    def lost_labs(self, note_folder: Path) -> tuple[Lost, ...]:
        return ()

    def end_lost(self, lost: Lost, note_folder: Path) -> Removal:
        return Removal(parts=0)

    def sweep(self, note_folder: Path, wanted: Sweep) -> Swept:
        if wanted.run is not None and wanted.run not in self.labs:
            raise InputError.of(f"nothing of run {wanted.run} is in {self.name}")
        runs = self.labs if wanted.every else ()
        left = tuple(Leftover(run=run, created="", counts={"labs": 1}, text="1 lab") for run in runs)
        return Swept(removed=left, alive=len(self.labs) - len(left))

    def images(self, told: Told, *, version: str | None, archive: Path | None) -> tuple[Image, ...]:
        return (Image(name=self.name, size=0, created=""),)

    def examine(self) -> tuple[Finding, ...]:
        return (Finding(what=self.name, ok=True, found="there"),)
