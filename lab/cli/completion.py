"""The words that a shell offers for an argument: scenarios that ship, runs, and the names in state files of open labs.

State files are read as JSON, and no lab is queried. A file that cannot be read offers nothing, since a completion
cannot print an error.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import typer

from lab.base import docs_site
from lab.base.shipped import shipped

_LARGEST = 2**26  # bytes of a note


def scenarios(incomplete: str) -> list[str]:
    """Return the shipped scenarios with a beginning; if there are none, a shell offers files."""
    return _begun(incomplete, (each.stem for each in shipped("scenarios").glob("*.yaml")))


def pages(incomplete: str) -> list[str]:
    """Return the pages of the documentation."""
    from lab.errors import HostError

    try:
        return _begun(incomplete, docs_site.pages(docs_site.site()))
    except HostError:  # a checkout without the site
        return []


def labs(incomplete: str) -> list[str]:
    """Return the run ids of open labs."""
    return _begun(incomplete, (each.stem for each in _notes()))


def runs(incomplete: str) -> list[str]:
    """Return the run ids of open labs and of runs that have a folder."""
    from lab.report.run_folder import (
        home,  # here, since most commands load it anyway, and a list of scenarios does without
    )

    folders = (each.name for each in (home(os.environ) / "runs").glob("*") if each.is_dir() and not each.is_symlink())
    return _begun(incomplete, (*(each.stem for each in _notes()), *folders))


def brokers(ctx: typer.Context, incomplete: str) -> list[str]:
    """Return the brokers of the open labs, or of the lab that `--run` names."""
    return _begun(incomplete, (each["name"] for plan in _plans(ctx) for each in plan["brokers"]))


def logs(ctx: typer.Context, incomplete: str) -> list[str]:
    """Return the parts of a lab that have a log: the router, and each instance of a broker."""
    names = (its["name"] for plan in _plans(ctx) for each in plan["brokers"] for its in each["instances"])
    return _begun(incomplete, (*names, "router"))


def links(ctx: typer.Context, incomplete: str) -> list[str]:
    """Return the links of the open labs, or of the lab that `--run` names."""
    return _begun(incomplete, (each["name"] for plan in _plans(ctx) for each in plan["links"]))


def connectors(ctx: typer.Context, incomplete: str) -> list[str]:
    """Return the connectors of the open labs, of the lab that `--run` names, or of the given broker."""
    of = ctx.params.get("broker")
    bridges = (each for plan in _plans(ctx) for each in plan["bridges"])
    return _begun(incomplete, (each["connector"] for each in bridges if of in (None, each["initiator"])))


def regions(ctx: typer.Context, incomplete: str) -> list[str]:
    """Return the regions of the open labs, or of the lab that `--run` names."""
    return _begun(incomplete, (each["name"] for plan in _plans(ctx) for each in plan["regions"]))


def _begun(incomplete: str, names: Any) -> list[str]:
    try:
        found = {str(each) for each in names}
    except (KeyError, TypeError, OSError):
        return []
    return sorted(each for each in found if each.startswith(incomplete) and each.isprintable())


def _notes() -> Iterator[Path]:
    from lab.errors import HostError
    from lab.runtime.state_file import note_folder

    try:
        return note_folder(os.environ).glob("*.json")
    except HostError:  # there is no home folder
        return iter(())


def _plans(ctx: typer.Context) -> Iterator[Mapping[str, Any]]:
    run = str(ctx.params.get("run") or "")
    for path in sorted(_notes()):
        if not (path.stem.startswith(run) or path.stem.endswith(run)):
            continue
        try:
            with path.open("rb") as file:
                plan = json.loads(file.read(_LARGEST))["plan"]
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            continue
        if isinstance(plan, dict):
            yield plan
