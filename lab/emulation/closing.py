"""Closing a lab: its logs are kept, then all its parts are removed, and at last its state file."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

import docker
from lab.base.interrupts import uninterrupted
from lab.emulation.brokers.vaults import mask_of
from lab.emulation.engine import engine, logs, removal
from lab.emulation.engine.api import is_silence
from lab.errors import LabError
from lab.runtime import state_file as state_files
from lab.runtime.clock import Clock
from lab.runtime.profile import CLOSE, UNPROFILED, Profile
from lab.runtime.runtime import Opening, Removal

_LOG = logging.getLogger(__name__)


class Closing:
    """A context manager that closes a lab; an error of closing never hides an error of the block."""

    def __init__(self, client: docker.DockerClient, opening: Opening, clock: Clock) -> None:
        self._client, self._opening, self._clock = client, opening, clock

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        opening = self._opening
        try:
            with engine.explained():
                closed = close_lab(
                    self._client, opening.run, opening.folder, opening.note_folder, self._clock, opening.profile
                )
            for warning in closed.warnings:
                _LOG.warning("%s", warning)
        except (LabError, OSError) as closing:
            if isinstance(closing, LabError) and opening.run not in closing.remedy:
                closing.add_remedy(f"repair that, then remove the remains: mqlab sweep {opening.run}")
            if error is None:
                raise
            error.add_note(f"and the lab could not be closed: {closing}")
            _LOG.error("the lab could not be closed: %s", closing)


def close_lab(
    client: docker.DockerClient,
    run: str,
    folder: Path | None,
    note_folder: Path,
    clock: Clock,
    profile: Profile = UNPROFILED,
) -> Removal:
    """Save the logs of a lab, if its run folder exists, then remove all its parts, and then its state file.

    Raise HostError if a part of the lab stays; unwritable logs and state files only make a warning.
    """
    warnings: list[str] = []
    with uninterrupted():
        if folder is not None and folder.is_dir():
            try:
                with profile.wait(CLOSE, "keep logs", "every container's log is written"):
                    logs.save(client, run, folder / "logs", mask_of(each for _, each in logs.containers(client, run)))
            except (OSError, *engine.ENGINE_TROUBLE) as error:
                if isinstance(error, engine.ENGINE_TROUBLE) and engine.is_gone(error) and not is_silence(error):
                    raise  # nothing can be removed either
                warnings.append(f"not every log of lab {run} could be kept: {error}")
        removed = removal.remove(client, run, clock, profile)
        try:
            state_files.forget(run, note_folder)
        except OSError as error:
            warnings.append(f"the state file of lab {run} stays, though the lab has gone: {error}")
    return replace(removed, warnings=(*removed.warnings, *warnings))
