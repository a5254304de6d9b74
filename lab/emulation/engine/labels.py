"""The labels on everything that a lab makes; `mqlab sweep` removes by labels only."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from lab.runtime.owner import Owner

RUN = "mqlab.run"
ROLE = "mqlab.role"
REGION = "mqlab.region"
BROKER = "mqlab.broker"
HOST = "mqlab.host"  # of an application's container
CREATED = "mqlab.created"
OWNER = "mqlab.owner"
DETACHED = "mqlab.detached"  # such a lab outlives its owner, until `mqlab down`
STATE = "mqlab.state"  # the folder that has the lab's note
FOLDER = "mqlab.folder"  # the run folder


def router_name(run: str) -> str:
    """Return the name of the router's container, once the lab has opened."""
    return f"mqlab-{run}-router"


def opening_name(run: str, lab_labels: Mapping[str, str]) -> str:
    """Return the name of the router's container while its lab is being opened.

    Its change marks the end of a detached lab's opening, since labels cannot be changed. No other lab needs a mark.
    """
    return f"{router_name(run)}-opening" if lab_labels[DETACHED] == "yes" else router_name(run)


def of_lab(run: str, owner: Owner, *, detached: bool) -> dict[str, str]:
    """Return the labels that everything of one lab carries."""
    return {
        RUN: run,
        OWNER: str(owner),
        CREATED: datetime.now(UTC).isoformat(timespec="seconds"),
        DETACHED: "yes" if detached else "no",
    }


def places(note_folder: Path, folder: Path) -> dict[str, str]:
    """Return the labels by which a lab without its state file is found and ended."""
    return {STATE: str(note_folder.absolute()), FOLDER: str(folder.absolute())}
