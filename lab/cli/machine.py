"""images: the three that this machine has, or builds now."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.table import Table

from lab.cli import options
from lab.cli.options import ARCHIVE, JSON, QUIET, VERSION, ending
from lab.cli.progress import TerminalProgress
from lab.runtime.emulation import engine
from lab.runtime.emulation import images as building
from lab.runtime.emulation.images import Images

if TYPE_CHECKING:
    import docker
    from lab.plan import Plan


def add_to(app: typer.Typer) -> None:
    """Add this command."""
    app.command()(ending(images))


def engine_and_images(
    plan: Plan, archive: Path | None, progress: TerminalProgress
) -> tuple[docker.DockerClient, Mapping[str, Images]]:
    """Connect to the engine and have the images of every ActiveMQ version that the plan needs."""
    client = engine.connect(os.environ)
    versions = dict.fromkeys(broker.activemq_version for broker in plan.brokers)
    with progress.stage("images"):
        made = {
            version: building.ensure(
                client, version=version, archive=archive, environment=os.environ, say=progress.tell
            )
            for version in versions
        }
    return client, made


def images(
    activemq_version: VERSION = None, activemq_archive: ARCHIVE = None, quiet: QUIET = False, json: JSON = False
) -> int:
    """Build what is missing of the three images, and list them."""
    progress = options.progress(quiet)
    client = engine.connect(os.environ)
    with progress.stage("images"):
        building.ensure(
            client, version=activemq_version, archive=activemq_archive, environment=os.environ, say=progress.tell
        )
    listed = building.listing(client)
    if json:
        options.print_json([{"name": each.name, "size": each.size, "created": each.created} for each in listed])
        return 0
    table = Table("image", "size", "built", box=None, pad_edge=False)
    for each in listed:
        table.add_row(each.name, f"{each.size / 1e6:.0f} MB", each.created)
    options.out().print(table)
    return 0
