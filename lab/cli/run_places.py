"""The places of a run's expectations and problems in the files of a repository."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from lab.base.text_files import is_file
from lab.check import scenarios
from lab.errors import LabError, Place
from lab.report.annotations import Places
from lab.report.summary import RunOf


def places_of(set: Mapping[str, str]) -> Places:
    """Return the places of a run's expectations, and of its scenario; files are loaded again for that."""

    def places(run: RunOf) -> Sequence[Place | None]:
        found: list[Place | None] = []
        if run.report is not None:
            with suppress(LabError, OSError):
                scenario = scenarios.load_named(run.scenario, os.environ, set)
                found = [scenario.origin.place("expect", number) for number in range(len(scenario.expect))]
        whole = Place(file=run.scenario, line=1, column=1) if is_file(Path(run.scenario)) else None
        return [place and in_repository(place) for place in (*found, whole)]

    return places


def problems_of(out: str) -> tuple[tuple[Place | None, str], ...]:
    """Return the problems that a command has printed as JSON, with their places; () if it has printed none."""
    found: list[tuple[Place | None, str]] = []
    with suppress(ValueError, KeyError, TypeError):
        for problem in json.loads(out)["problems"]:
            place = None
            if problem["file"] is not None:
                place = in_repository(Place(file=problem["file"], line=problem["line"], column=problem["column"]))
            found.append((place, "; ".join(filter(None, (problem["what"], *problem["remedy"].splitlines())))))
    return tuple(found)


def in_repository(place: Place) -> Place | None:
    """Return a place with its file's path from the top of the repository; None if the file is not in it.

    Outside of any repository the working folder is the top.
    """
    here = Path.cwd()
    top = next((folder for folder in (here, *here.parents) if (folder / ".git").exists()), here)
    path = Path(os.path.normpath(here / place.file))
    return replace(place, file=path.relative_to(top).as_posix()) if path.is_relative_to(top) else None
