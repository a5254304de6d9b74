"""Removing what labs made, by label only: one lab's things, or all that dead runs left behind."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

import docker.errors
from docker.models.containers import Container
from docker.models.networks import Network

import docker
from lab.errors import HostError
from lab.runtime.emulation import labels
from lab.runtime.emulation.labels import Owner, router_name


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A lab as its labels show it."""

    run: str
    created: str
    owner: Owner | None
    detached: bool
    containers: int
    networks: int
    whole: bool  # its opening came to its end

    def is_left_behind(self, here: Owner) -> bool:
        """Tell whether nobody can be using it: its owner surely dead, and not left alone by it on purpose."""
        return self.owner is not None and self.owner.is_dead(here) and not (self.detached and self.whole)


def find(client: docker.DockerClient) -> tuple[Found, ...]:
    """Give every lab that has anything left on the engine, the oldest first."""
    labelled: dict[str, list[dict[str, str]]] = {}
    containers: dict[str, int] = {}
    whole: set[str] = set()
    for container in client.containers.list(all=True, filters={"label": labels.RUN}, ignore_removed=True):
        run = container.labels[labels.RUN]
        labelled.setdefault(run, []).append(container.labels)
        containers[run] = containers.get(run, 0) + 1
        if container.name == router_name(run):
            whole.add(run)
    for network in client.networks.list(filters={"label": labels.RUN}):
        its = network.attrs["Labels"]
        labelled.setdefault(its[labels.RUN], []).append(its)
    return tuple(
        sorted(
            (
                Found(
                    run=run,
                    created=its[0].get(labels.CREATED, ""),
                    owner=Owner.parse(its[0].get(labels.OWNER, "")),
                    detached=its[0].get(labels.DETACHED) == "yes",
                    containers=containers.get(run, 0),
                    networks=len(its) - containers.get(run, 0),
                    whole=run in whole,
                )
                for run, its in labelled.items()
            ),
            key=lambda found: (found.created, found.run),
        )
    )


def remove(client: docker.DockerClient, run: str) -> int:
    """Remove everything of one lab, and give how many things that were; asking twice is fine."""
    wanted: dict[str, str | list[str] | bool] = {"label": f"{labels.RUN}={run}"}
    containers = client.containers.list(all=True, filters=wanted, ignore_removed=True)
    with ThreadPoolExecutor(max_workers=8) as pool:
        list(pool.map(partial(_remove_container, client), containers))
    networks = client.networks.list(filters=wanted)
    for network in networks:
        _remove_network(network)
    left = [str(each.name) for each in client.containers.list(all=True, filters=wanted, ignore_removed=True)]
    left += [str(each.name) for each in client.networks.list(filters=wanted)]
    if left:
        raise HostError(f"of lab {run}, {', '.join(left)} could not be removed", "try: mqlab sweep --all")
    return len(containers) + len(networks)


def _remove_container(client: docker.DockerClient, container: Container) -> None:
    # Published ports are on the first network by name, and move to the next one when it goes, at a second each time.
    for name in sorted(container.attrs["NetworkSettings"]["Networks"])[1:]:
        with suppress(docker.errors.APIError):
            client.networks.get(name).disconnect(container, force=True)
    # Gone already, or being removed by somebody else at this moment: both are what we want.
    with suppress(docker.errors.NotFound, docker.errors.APIError):
        container.remove(force=True, v=True)


def _remove_network(network: Network) -> None:
    with suppress(docker.errors.NotFound, docker.errors.APIError):
        network.remove()
