"""The simulation as a runtime: labs of models in virtual time, which exist only in the process that opens them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Self

from lab.declare.scenario import Scenario
from lab.errors import HostError, InputError, Problem
from lab.plan.values import Plan
from lab.runtime.lab import StandingLab
from lab.runtime.progress import Told
from lab.runtime.runtime import Finding, Image, Lost, Removal, Sweep, Swept
from lab.runtime.state_file import StateFile
from lab.simulation import LONGEST, NAME, garbage_collection
from lab.simulation.costs import own_values, with_values

if TYPE_CHECKING:
    from lab.simulation.opening import Models

_ALONE = "a simulated lab exists only in the process that opened it"


class Simulation:
    """Labs of models. Only their run folders are on this machine."""

    name = NAME

    def __init__(
        self, environment: Mapping[str, str], limit: timedelta | None = None, ignored: Sequence[str] = ()
    ) -> None:
        self.costs, self.ignored = own_values(environment), (*dict.fromkeys(ignored),)
        self._limit = limit  # of a lab's virtual time, instead of the kernel's own

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *of: object) -> None:
        pass

    def refusals(self, scenario: Scenario, plan: Plan) -> tuple[Problem, ...]:
        """Return the parts of a scenario without a model."""
        from lab.simulation.refusals import refusals  # here, since a lab that only stands does no steps

        return refusals(scenario, plan, max(self._limit or LONGEST, LONGEST), self.ignored)

    def prepare(self, plan: Plan, told: Told, *, archive: Path | None = None, version: str | None = None) -> Models:
        """Return the models; raise InputError for an archive, which models do not use."""
        if archive is not None:
            raise InputError.of("a simulation has no use for --activemq-archive", "leave --activemq-archive out")
        with garbage_collection.seldom():  # what is loaded is no garbage
            from lab.simulation.opening import Models  # here, since who asks for refusals alone opens no lab

        if any(its.ports for broker in plan.brokers for its in broker.instances):
            told.warn("a simulated broker has no ports on this machine: the requested ports lead nowhere")
        return Models(plan=plan, costs=with_values(self.costs), limit=self._limit, ignored=self.ignored)

    def open_labs(self, note_folder: Path) -> tuple[StateFile, ...]:
        """Return nothing: no other process can reach a simulated lab."""
        return ()

    def attach(self, note: StateFile, note_folder: Path) -> AbstractContextManager[StandingLab]:
        """Raise HostError: only the process that opened a simulated lab has it."""
        raise HostError(_ALONE)

    def has_ended(self, note: StateFile) -> bool:
        """Raise HostError: only the process that opened a simulated lab has it."""
        raise HostError(_ALONE)

    def end(self, note: StateFile, note_folder: Path) -> Removal:
        """Raise HostError: a simulated lab ends with its process."""
        raise HostError(_ALONE)

    def lost_labs(self, note_folder: Path) -> tuple[Lost, ...]:
        """Return nothing."""
        return ()

    def end_lost(self, lost: Lost, note_folder: Path) -> Removal:
        """Raise HostError: no simulated lab is ever lost."""
        raise HostError(_ALONE)

    def sweep(self, note_folder: Path, wanted: Sweep) -> Swept:
        """Return that nothing is left behind."""
        return Swept(removed=(), alive=0)

    def images(self, told: Told, *, versions: Sequence[str], archive: Path | None) -> tuple[Image, ...]:
        """Return nothing: no image is needed; raise InputError for a version or an archive."""
        if versions or archive is not None:
            raise _no_images()
        return ()

    def image_key(self, told: Told, *, versions: Sequence[str], archive: Path | None) -> str:
        """Raise InputError: there is nothing to cache."""
        raise _no_images()

    def save_images(self, told: Told, file: Path, *, versions: Sequence[str], archive: Path | None) -> str:
        """Raise InputError: there is nothing to save."""
        raise _no_images()

    def load_images(
        self, told: Told, file: Path, *, versions: Sequence[str], archive: Path | None, digest: str | None
    ) -> None:
        """Raise InputError: nothing needs to be loaded."""
        raise _no_images()

    def examine(self) -> tuple[Finding, ...]:
        """Return the needs of a simulation: Python alone."""
        from platform import python_version  # here, since it takes longer to load than most of the models

        return (
            Finding(what="simulation", ok=True, found=f"Python {python_version()}; a simulation needs nothing else"),
        )


def _no_images() -> InputError:
    return InputError.of("a simulation needs no images", "use --runtime emulation, which needs them")
