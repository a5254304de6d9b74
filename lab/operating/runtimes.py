"""The runtimes by name: the one module that knows all of them."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from datetime import timedelta
from pathlib import Path
from typing import Self

from lab.base import settings
from lab.base.suggestions import meant
from lab.check.scenarios import PlannedScenario
from lab.errors import HostError, InputError
from lab.runtime import state_file as state_files
from lab.runtime.runtime import Lost, Runtime, Sweep, Swept
from lab.runtime.state_file import StateFile


def _emulation(environment: Mapping[str, str]) -> Runtime:
    from lab.emulation.runtime import Emulation  # here, since loading docker takes long

    return Emulation(environment)


def _simulation(environment: Mapping[str, str]) -> Runtime:
    return simulation(environment)


def simulation(environment: Mapping[str, str], limit: timedelta | None = None, ignored: Sequence[str] = ()) -> Runtime:
    """Return a simulation whose labs end with LabTimeout once so much virtual time has passed.

    Its brokers are without the settings `ignored`, which have no model.
    """
    from lab.simulation.runtime import Simulation  # here, since an emulation needs no model

    return Simulation(environment, limit, ignored)


USUAL, SIMULATION = "emulation", "simulation"
RUNTIMES: Mapping[str, Callable[[Mapping[str, str]], Runtime]] = {USUAL: _emulation, SIMULATION: _simulation}
STANDING = (USUAL,)  # those whose labs other processes can reach


def usual(environment: Mapping[str, str]) -> str:
    """Return the name of the default runtime: MQLAB_RUNTIME, or else the emulation.

    Raise InputError if MQLAB_RUNTIME is not the name of a runtime.
    """
    name = settings.RUNTIME.in_force(environment)
    _check_known(name, "MQLAB_RUNTIME: ")
    return name


def chosen(name: str | None, environment: Mapping[str, str], others: Sequence[str] = ()) -> str:
    """Return the name of a runtime that a person chose, or else of the usual one; InputError if there is none.

    `others` are names that the error also lists.
    """
    if name is None:
        return usual(environment)
    _check_known(name, others=others)
    return name


def runtime(name: str, environment: Mapping[str, str], ignored: Sequence[str] = ()) -> Runtime:
    """Return the runtime of a name, for the machine that an environment describes; InputError for an unknown name.

    Raise InputError for settings to be `ignored` by another runtime than the simulation.
    """
    _check_known(name)
    if not ignored:
        return RUNTIMES[name](environment)
    if name != SIMULATION:
        raise InputError.of(
            f"--ignore {ignored[0]} is for the simulation, and the runtime here is the {name}",
            f"leave --ignore out, since real brokers have every setting, or write --runtime {SIMULATION}",
        )
    return simulation(environment, ignored=ignored)


def for_block(
    named: Runtime | str | None, environment: Mapping[str, str], ignored: Sequence[str] = ()
) -> AbstractContextManager[Runtime]:
    """Return a runtime for a block, the usual one for None; one that was handed in outlasts it."""
    name = usual(environment) if named is None else named
    return runtime(name, environment, ignored) if isinstance(name, str) else nullcontext(name)


def _check_known(name: str, where: str = "", others: Sequence[str] = ()) -> None:
    if name not in RUNTIMES:
        valid = (*RUNTIMES, *others)
        raise InputError.of(f'{where}no runtime named "{name}"', f"write {' or '.join(meant(name, valid) or valid)}")


def release_in(archive: Path | None) -> str | None:
    """Return the release that an archive of ActiveMQ on disk holds, None for none; InputError if it is no archive."""
    if archive is None:
        return None
    from lab.emulation.runtime import version_of  # here, since loading docker takes long

    return version_of(archive)


def instead(
    runtime: Runtime,
    planned: PlannedScenario,
    name: str,
    *,
    seed: int | None,
    set: Mapping[str, str],
    version: str | None,
) -> str:
    """Return the command that runs a scenario by its name where a runtime cannot; "" if no other would take it.

    A password in it is masked, as in all printed text; the person who typed the password can type it again.
    """
    if runtime.name != USUAL or _simulation({}).refusals(planned.scenario, planned.plan):
        return ""
    hide = planned.scenario.origin.mask.text
    asked = [hide(name), *(each for key, value in set.items() for each in ("--set", f"{key}={hide(value)}"))]
    asked += [] if seed is None else ["--seed", str(seed)]
    asked += [] if version is None else ["--activemq-version", version]
    return " ".join(["mqlab", "run", *map(shlex.quote, asked), "--runtime", SIMULATION])


class AllRuntimes:
    """Every runtime whose labs other processes can reach, queried together; labs go on after the block.

    Raise InputError where MQLAB_RUNTIME names none.
    """

    def __init__(self, environment: Mapping[str, str], runtimes: tuple[Runtime, ...] | None = None) -> None:
        usual(environment)  # every command says what is wrong with it, also where it asks all of them
        self._runtimes = tuple(runtime(name, environment) for name in STANDING) if runtimes is None else runtimes
        self._entered = ExitStack()

    def __enter__(self) -> Self:
        for each in self._runtimes:
            self._entered.enter_context(each)
        return self

    def __exit__(self, *of: object) -> None:
        self._entered.close()

    def of(self, lab: StateFile | Lost) -> Runtime:
        """Return the runtime of one of the `labs`."""
        return next(each for each in self._runtimes if each.name == lab.runtime)

    def labs(self, note_folder: Path) -> tuple[StateFile | Lost, ...]:
        """Return all open labs, the oldest first, and then those whose note is lost.

        Raise HostError for a runtime that cannot be reached, unless it has no note and another runtime can be.
        """
        noted = {note.runtime for note in state_files.load_all(note_folder)}
        found: list[StateFile] = []
        lost: list[Lost] = []
        unreached: list[HostError] = []
        for each in self._runtimes:
            try:
                found += each.open_labs(note_folder)
                lost += each.lost_labs(note_folder)
            except HostError as error:
                if each.name in noted:
                    raise
                unreached.append(error)
        if len(unreached) == len(self._runtimes):
            raise unreached[0]
        return (*sorted(found, key=lambda note: note.run), *lost)

    def sweep(self, note_folder: Path, wanted: Sweep) -> Swept:
        """Sweep in every runtime, as `Runtime.sweep` does; raise InputError if no runtime has anything of the run."""
        swept: list[Swept] = []
        without: list[InputError] = []
        for each in self._runtimes:
            try:
                swept.append(each.sweep(note_folder, wanted))
            except InputError as error:
                without.append(error)
        if not swept:
            raise without[0]
        return Swept(
            removed=tuple(leftover for each in swept for leftover in each.removed),
            alive=sum(each.alive for each in swept),
            warnings=tuple(warning for each in swept for warning in each.warnings),
        )
