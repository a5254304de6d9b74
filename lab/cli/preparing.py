"""What run and up do alike before a lab opens: read, check, plan, find engine and images, make the run folder."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from lab.cli import asking
from lab.cli.asking import Asked
from lab.cli.machine import engine_and_images
from lab.cli.progress import TerminalProgress
from lab.declare.loading import masked_sources
from lab.folder import RunFolder, create, home
from lab.runtime.emulation.opening import Opening, new_run_id
from lab.runtime.emulation.state import state_folder
from lab.runtime.emulation.subnets import pool


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """All that opening a lab takes; nothing of it stands yet."""

    asked: Asked
    folder: RunFolder
    opening: Opening


def prepare(
    scenario: str,
    progress: TerminalProgress,
    *,
    seed: int | None,
    version: str | None,
    archive: Path | None,
    runs: Path | None,
    detached: bool = False,
    replaying: bool = False,
) -> Prepared:
    """Prepare a run; whatever can be wrong with what was asked is told before anything is built or written."""
    asked = asking.asked(scenario, seed, version)
    addresses = pool(os.environ.get("MQLAB_POOL"))
    client, images = engine_and_images(asked.plan, archive, progress)
    run = new_run_id()
    folder = create(runs or home(os.environ), run)
    folder.keep(masked_sources(asked.scenario), asked.plan)
    opening = Opening(
        client=client,
        images=images,
        pool=addresses,
        state_folder=state_folder(os.environ),
        run=run,
        scenario=asked.scenario.scenario,
        folder=folder.path,
        passwords=asked.scenario.topology.passwords(),
        detached=detached,
        replaying=replaying,
        reboot_time=asked.scenario.topology.reboot_time.total_seconds(),
        service_time=asked.scenario.topology.service_time,
    )
    return Prepared(asked=asked, folder=folder, opening=opening)
