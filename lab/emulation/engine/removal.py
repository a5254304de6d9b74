"""Removal of containers, networks and volumes by label only: of one lab, or of all dead runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import TypeVar

import docker.errors
from docker.models.containers import Container
from docker.models.networks import Network
from docker.models.volumes import Volume

import docker
from lab.emulation.engine import labels
from lab.errors import HostError
from lab.runtime.clock import Clock
from lab.runtime.profile import CLOSE, UNPROFILED, Profile
from lab.runtime.runtime import Removal

REMOVAL_SECONDS = 30.0  # seconds for the engine to remove a lab
_RETRY_SECONDS = 0.3  # seconds between two attempts
T = TypeVar("T")
R = TypeVar("R")


def remove(client: docker.DockerClient, run: str, clock: Clock, profile: Profile = UNPROFILED) -> Removal:
    """Remove everything of one lab, found by its labels and removed by id; harmless if there is nothing.

    A container that is not part of the lab is taken off its networks first, and left alone otherwise. Raise HostError
    if the engine still refuses after 30 s, or at once for the store that such a container uses.
    """
    wanted: dict[str, str | list[str] | bool] = {"label": f"{labels.RUN}={run}"}
    removed: set[str | None] = set()
    taken_off: dict[str, None] = {}
    refusals: list[str] = []
    until = clock.now() + REMOVAL_SECONDS
    while True:
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
            refusals += filter(None, [*(refused for _, refused in gone), *map(_remove_one, volumes)])
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
