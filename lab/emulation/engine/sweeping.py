"""Removal of what labs made, by label only: of one lab, or of all dead runs."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

import docker.errors
from docker.models.containers import Container
from docker.models.networks import Network
from docker.models.volumes import Volume

import docker
from lab.emulation.engine import labels
from lab.emulation.engine.labels import router_name
from lab.errors import HostError
from lab.runtime.clock import Clock
from lab.runtime.owner import Owner
from lab.runtime.runtime import Leftover

PATIENCE = 30.0  # seconds for the engine to remove a lab
_AGAIN = 0.3  # seconds between two attempts


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A lab as found by its labels."""

    run: str
    created: str
    owner: Owner | None
    detached: bool
    containers: int
    networks: int
    volumes: int  # the stores of pairs
    whole: bool  # its opening was completed

    def is_left_behind(self, here: Owner) -> bool:
        """Return whether the lab cannot be in use: its owner is surely dead, and did not detach it."""
        return self.owner is not None and self.owner.is_dead(here) and not (self.detached and self.whole)

    def leftover(self) -> Leftover:
        """Return the lab as a sweep reports it."""
        counts = {"containers": self.containers, "networks": self.networks}
        words = f"{self.containers} containers, {self.networks} networks"
        if self.volumes:
            counts, words = counts | {"volumes": self.volumes}, f"{words}, {self.volumes} stores of pairs"
        return Leftover(run=self.run, created=self.created, counts=counts, words=words)


def find(client: docker.DockerClient) -> tuple[Found, ...]:
    """Return every lab that has containers, networks or volumes on the engine, the oldest first."""
    labelled: dict[str, list[dict[str, str]]] = {}
    containers: Counter[str] = Counter()
    whole: set[str] = set()
    for container in client.containers.list(all=True, filters={"label": labels.RUN}, ignore_removed=True):
        run = container.labels[labels.RUN]
        labelled.setdefault(run, []).append(container.labels)
        containers[run] += 1
        if container.name == router_name(run):
            whole.add(run)
    networks: Counter[str] = Counter()
    for network in client.networks.list(filters={"label": labels.RUN}):
        its = network.attrs["Labels"]
        labelled.setdefault(its[labels.RUN], []).append(its)
        networks[its[labels.RUN]] += 1
    volumes: Counter[str] = Counter()
    for volume in client.volumes.list(filters={"label": labels.RUN}):
        its = volume.attrs["Labels"]
        labelled.setdefault(its[labels.RUN], []).append(its)
        volumes[its[labels.RUN]] += 1
    return tuple(
        sorted(
            (
                Found(
                    run=run,
                    created=its[0].get(labels.CREATED, ""),
                    owner=Owner.parse(its[0].get(labels.OWNER, "")),
                    detached=its[0].get(labels.DETACHED) == "yes",
                    containers=containers[run],
                    networks=networks[run],
                    volumes=volumes[run],
                    whole=run in whole,
                )
                for run, its in labelled.items()
            ),
            key=lambda found: (found.created, found.run),
        )
    )


def remove(client: docker.DockerClient, run: str, clock: Clock) -> int:
    """Remove everything of one lab and return the number of containers and networks; harmless if there are none.

    Raise HostError if the engine still refuses after 30 s.
    """
    wanted: dict[str, str | list[str] | bool] = {"label": f"{labels.RUN}={run}"}
    found = 0
    refusals: list[str] = []
    until = clock.now() + PATIENCE
    while True:
        containers = client.containers.list(all=True, filters=wanted, ignore_removed=True)
        networks = client.networks.list(filters=wanted)
        volumes = client.volumes.list(filters=wanted)
        found = max(found, len(containers) + len(networks))
        if not containers and not networks and not volumes:
            return found
        if clock.now() > until:
            left = ", ".join(str(each.name) for several in (containers, networks, volumes) for each in several)
            raise HostError(f"of lab {run}, {left} could not be removed: {refusals[-1]}", "try: mqlab sweep --all")
        refusals = ["the engine gives no reason"]
        with ThreadPoolExecutor(max_workers=8) as pool:
            refusals += filter(None, pool.map(partial(_remove_container, client), containers))
        refusals += filter(None, [*map(_remove_one, networks), *map(_remove_one, volumes)])
        if len(refusals) > 1:
            # Another process may be removing it too, or the engine is still busy with it.
            clock.sleep(_AGAIN)


def _remove_container(client: docker.DockerClient, container: Container) -> str | None:
    """Remove a container and return the engine's reason if it refuses; a missing container is a success."""
    # Published ports are on the first network by name, and move to the next one when it goes, at a second each time.
    for name in sorted(container.attrs["NetworkSettings"]["Networks"])[1:]:
        with suppress(docker.errors.APIError):
            client.networks.get(name).disconnect(container, force=True)
    try:
        container.remove(force=True, v=True)
    except docker.errors.NotFound:
        return None
    except docker.errors.APIError as error:
        return str(error.explanation or error)
    return None


def _remove_one(what: Network | Volume) -> str | None:
    try:
        what.remove()
    except docker.errors.NotFound:
        return None
    except docker.errors.APIError as error:
        return str(error.explanation or error)
    return None
