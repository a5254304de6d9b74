"""Removal of containers, networks and volumes by label only: of one lab, or of all dead runs."""

from __future__ import annotations

import os
import stat
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TypeVar

import docker.errors
from docker.models.containers import Container
from docker.models.networks import Network
from docker.models.volumes import Volume

import docker
from lab.dataclass import dataclass
from lab.emulation.engine import labels
from lab.emulation.engine.labels import router_name
from lab.emulation.hosts import moved_containers
from lab.emulation.state import NAME
from lab.errors import HostError
from lab.runtime.clock import Clock
from lab.runtime.owner import Owner
from lab.runtime.profile import CLOSE, UNPROFILED, Profile
from lab.runtime.runtime import Leftover, Lost, Removal

REMOVAL_SECONDS = 30.0  # seconds for the engine to remove a lab
_RETRY_SECONDS = 0.3  # seconds between two attempts
T = TypeVar("T")
R = TypeVar("R")


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


def remove(client: docker.DockerClient, run: str, clock: Clock, profile: Profile = UNPROFILED) -> Removal:
    """Remove everything of one lab, found by its labels and removed by id; harmless if there is nothing.

    A container that is not part of the lab is taken off its networks first, put back where it was before if it was
    moved, and left alone otherwise. Raise HostError if the engine still refuses after 30 s, or at once for the store
    that such a container uses.
    """
    wanted: dict[str, str | list[str] | bool] = {"label": f"{labels.RUN}={run}"}
    removed: set[str | None] = set()
    taken_off: dict[str, None] = {}
    refusals: list[str] = []
    until = clock.now() + REMOVAL_SECONDS
    while True:
        for record in moved_containers.records(client, run):
            taken_off |= dict.fromkeys(moved_containers.put_back(client, record))
        containers = client.containers.list(all=True, filters=wanted, ignore_removed=True)
        networks = client.networks.list(filters=wanted)
        volumes = client.volumes.list(filters=wanted)
        removed |= {each.id for each in (*containers, *networks)}
        if not containers and not networks and not volumes:
            return Removal(parts=len(removed), warnings=tuple(taken_off))
        if not containers and not networks and (users := list(_users(client, run, volumes))):
            raise HostError(
                f"a volume of lab {run} could not be removed: {', '.join(users)}",
                f"remove the containers that use it, then the rest of the lab: mqlab sweep {run}",
            )
        if clock.now() > until:
            left = ", ".join(str(each.name) for several in (containers, networks, volumes) for each in several)
            raise HostError(f"{left} of lab {run} could not be removed: {refusals[-1]}", f"try: mqlab sweep {run}")
        refusals = ["the engine gives no reason"]
        with profile.wait(CLOSE, f"remove {len(containers)} containers", "the engine has removed each"):
            refusals += filter(None, at_once(partial(_remove_container, client), containers))
        with profile.wait(CLOSE, f"remove {len(networks)} networks, {len(volumes)} volumes", "the engine has no more"):
            gone = at_once(partial(_remove_network, client, run), networks)
            taken_off |= dict.fromkeys(told for off, _ in gone for told in off)
            refusals += filter(None, [*(refused for _, refused in gone), *map(_remove_volume, volumes)])
        if len(refusals) > 1:
            # Another process may be removing it too, or the engine is still busy with it.
            clock.sleep(_RETRY_SECONDS)


def at_once(do: Callable[[T], R], several: Sequence[T]) -> list[R]:
    """Call a function for several at once; in sequence if the interpreter ends and starts no threads."""
    with ThreadPoolExecutor(max_workers=8) as pool:
        try:
            answers: Iterable[R] = pool.map(do, several)  # what `do` raises comes with its answer
        except RuntimeError:
            answers = map(do, several)
        return list(answers)


def _strangers(client: docker.DockerClient, run: str, filters: dict[str, str | list[str] | bool]) -> list[Container]:
    found = client.containers.list(all=True, filters=filters, ignore_removed=True)
    return [each for each in found if each.labels.get(labels.RUN) != run]


def _take_strangers_off(client: docker.DockerClient, run: str, network: Network) -> Iterator[str]:
    """Disconnect external containers from a lab's network; yield each disconnection in words."""
    for stranger in _strangers(client, run, {"network": str(network.id)}):
        try:
            network.disconnect(stranger, force=True)
        except docker.errors.APIError:
            continue  # it has gone meanwhile, or the network's removal will say why not
        goes_on = "; it still runs" if stranger.status == "running" else ""
        yield f"{stranger.name} is not part of lab {run} and was disconnected from its network {network.name}{goes_on}"


def _remove_network(client: docker.DockerClient, run: str, network: Network) -> tuple[Sequence[str], str | None]:
    """Remove a network; return the external containers that were taken off it, in words, and the engine's refusal."""
    return list(_take_strangers_off(client, run, network)), _remove_one(network)


def _users(client: docker.DockerClient, run: str, volumes: list[Volume]) -> Iterator[str]:
    for volume in volumes:
        for stranger in _strangers(client, run, {"volume": str(volume.name)}):
            yield f"the container {stranger.name}, which is not part of the lab, uses {volume.name}"


def _remove_container(client: docker.DockerClient, container: Container) -> str | None:
    """Remove a container and return the engine's reason if it refuses; a missing container is a success."""
    # Published ports are on the first network by name, and move to the next one when it goes, at a second each time.
    for _, its in sorted(container.attrs["NetworkSettings"]["Networks"].items())[1:]:
        with suppress(docker.errors.APIError):
            client.networks.get(its["NetworkID"]).disconnect(container, force=True)
    return _remove_one(container)


def _remove_volume(volume: Volume) -> str | None:
    # The record of a container that came meanwhile, or has not let go, goes with its being put back.
    if moved_containers.is_record(volume):
        return f"{volume.name} is kept until its container is put back"
    return _remove_one(volume)


def _remove_one(part: Container | Network | Volume) -> str | None:
    try:
        if isinstance(part, Container):
            part.remove(force=True, v=True)
        else:
            part.remove()
    except docker.errors.NotFound:
        return None
    except docker.errors.APIError as error:
        return str(error.explanation or error)
    return None
