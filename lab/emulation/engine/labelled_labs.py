"""Labs on the engine, found by their labels alone: which are in use, left behind, old or lost."""

from __future__ import annotations

import os
import stat
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

import docker
from lab.base.dataclass import dataclass
from lab.emulation.engine import labels
from lab.emulation.engine.labels import router_name
from lab.emulation.state import NAME
from lab.runtime.owner import Owner
from lab.runtime.runtime import Leftover, Lost


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A lab as found by its labels."""

    run: str
    created: str
    owner: Owner | None
    detached: bool
    containers: int
    networks: int
    volumes: int  # the stores of pairs, and what applications trust
    whole: bool  # its opening was completed
    note_folder: str = ""  # "": opened by a version of mqlab that did not label it
    folder: str = ""  # the run folder; likewise

    def is_left_behind(self, here: Owner) -> bool:
        """Return whether the lab cannot be in use: its owner is surely dead, and did not detach it."""
        return self.owner is not None and self.owner.is_dead(here) and not (self.detached and self.whole)

    def is_older_than(self, age: timedelta, now: datetime) -> bool:
        """Return whether the lab was opened longer ago; False if its label has no time."""
        try:
            opened = datetime.fromisoformat(self.created)
        except ValueError:
            return False
        return opened.tzinfo is not None and now - opened > age

    def is_lost(self, note_folder: Path) -> bool:
        """Return whether the lab should have a state file in this folder; no file of it can be read."""
        return self.detached and self.whole and self.note_folder == str(note_folder.absolute())

    def lost(self) -> Lost:
        """Return the lab as a Lost, which has no state file."""
        folder = Path(self.folder) if is_run_folder(Path(self.folder), self.run) else None
        return Lost(run=self.run, runtime=NAME, created=self.created, folder=folder, counts=self.leftover().counts)

    def leftover(self) -> Leftover:
        """Return the lab as a sweep reports it."""
        counts = {"containers": self.containers, "networks": self.networks}
        words = f"{self.containers} containers, {self.networks} networks"
        if self.volumes:
            counts, words = counts | {"volumes": self.volumes}, f"{words}, {self.volumes} volumes"
        return Leftover(run=self.run, created=self.created, counts=counts, text=words)


def is_run_folder(folder: Path, run: str) -> bool:
    """Return whether a folder that a label names may be written to: the label is untrusted."""
    try:
        its = folder.lstat()
    except OSError:
        return False
    return folder.is_absolute() and folder.name == run and stat.S_ISDIR(its.st_mode) and its.st_uid == os.geteuid()


def find(client: docker.DockerClient, run: str | None = None) -> tuple[Found, ...]:
    """Return every lab, or that of one run, that has containers, networks or volumes here, the oldest first."""
    label = labels.RUN if run is None else f"{labels.RUN}={run}"
    labelled: dict[str, list[dict[str, str]]] = {}
    containers: Counter[str] = Counter()
    whole: set[str] = set()
    for container in client.containers.list(all=True, filters={"label": label}, ignore_removed=True):
        its_run = container.labels.get(labels.RUN, "")
        labelled.setdefault(its_run, []).append(container.labels)
        containers[its_run] += 1
        if container.name == router_name(its_run):
            whole.add(its_run)
    counted: dict[str, Counter[str]] = {"networks": Counter(), "volumes": Counter()}
    for kind, found in (("networks", client.networks), ("volumes", client.volumes)):
        for its in (each.attrs["Labels"] or {} for each in found.list(filters={"label": label})):
            its_run = its.get(labels.RUN, "")
            labelled.setdefault(its_run, []).append(its)
            counted[kind][its_run] += 1
    labelled.pop("", None)  # an engine that ignores filters has others
    return tuple(
        sorted(
            (
                Found(
                    run=run,
                    created=its[0].get(labels.CREATED, ""),
                    owner=Owner.parse(its[0].get(labels.OWNER, "")),
                    detached=its[0].get(labels.DETACHED) == "yes",
                    containers=containers[run],
                    networks=counted["networks"][run],
                    volumes=counted["volumes"][run],
                    whole=run in whole,
                    note_folder=its[0].get(labels.STATE, ""),
                    folder=its[0].get(labels.FOLDER, ""),
                )
                for run, its in labelled.items()
            ),
            key=lambda found: (found.created, found.run),
        )
    )
