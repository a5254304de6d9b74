"""images and doctor: what this machine has, and what a lab needs of it."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

import typer
from rich.table import Table

import docker
from lab.cli import options
from lab.cli.options import ARCHIVE, JSON, QUIET, VERSION, ending
from lab.cli.progress import TerminalProgress
from lab.plan import Plan
from lab.runtime.emulation import doctor as checks
from lab.runtime.emulation import engine
from lab.runtime.emulation import images as building
from lab.runtime.emulation.images import Images


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.command()(ending(images))
    app.command()(ending(doctor))


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


def doctor(json: JSON = False) -> int:
    """Look at this machine: does it have what a lab needs?"""
    findings = checks.examine(os.environ)
    if json:
        options.print_json(
            [{"what": each.what, "ok": each.ok, "found": each.found, "remedy": each.remedy} for each in findings]
        )
    else:
        console = options.out()
        for each in findings:
            sign = {True: "[green]✔[/green]", False: "[red]✘[/red]", None: "[yellow]![/yellow]"}[each.ok]
            console.print(f"{sign} {each.what}: {each.found}")
            if each.remedy and each.ok is not True:
                console.print(f"    {each.remedy}")
    sys.stdout.flush()
    return 3 if any(each.ok is False for each in findings) else 0
