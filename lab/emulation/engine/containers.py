"""Start of a lab's containers and networks: Testcontainers, and a client with the functions that it lacks.

Testcontainers makes a container on one network and starts it at once. A lab's containers need a fixed address, files
before the start that neither `docker inspect` nor the image shows, and further networks after it; so a client of ours
does more around the start.
"""

from __future__ import annotations

import io
import tarfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field
from itertools import groupby
from pathlib import PurePosixPath
from threading import Event
from typing import Any

import docker.errors
from docker.models.containers import Container

import docker
from lab.base.dataclass import dataclass
from lab.base.user_home import empty_home_if_none
from lab.emulation.engine.context import DEFAULT_HOST
from lab.errors import HostError, LabError
from lab.runtime.profile import START, UNPROFILED, Profile

with empty_home_if_none():
    from testcontainers.core.config import testcontainers_config
    from testcontainers.core.container import DockerContainer
    from testcontainers.core.docker_client import DockerClient
    from testcontainers.core.network import Network

# The reaper is an image of its own, which an offline machine cannot fetch; the label sweep is what we promise instead.
testcontainers_config.ryuk_disabled = True


BOUNDED_LOG: Mapping[str, Any] = {"type": "json-file", "config": {"max-size": "20m", "max-file": "3"}}


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file that is copied into a container before it starts; its folder is there already."""

    path: str
    content: bytes
    mode: int = 0o444
    owner: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A network that a container is on, and its address there."""

    network: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """An order to start a container: given to the engine once all of `after` are set, and `requested` just before."""

    after: Sequence[Event] = ()
    requested: Event = field(default_factory=Event)
    profile: Profile = UNPROFILED

    def await_turn(self) -> None:
        """Wait until the engine may be asked."""
        with self.profile.wait(START, "turn", "the engine is asked to start the containers that come first"):
            for other in self.after:
                other.wait()
        self.requested.set()


class _PreparingClient(DockerClient):
    """Testcontainers' client, which also copies files before the start and connects further networks after it."""

    def __init__(
        self,
        client: docker.DockerClient,
        further: Sequence[Attachment] = (),
        files: Sequence[File] = (),
        order: Order | None = None,
        check: Callable[[Container], None] = lambda container: None,
    ) -> None:
        # Not super().__init__(): it looks for an engine by itself, and might find another one than ours.
        self.client = client
        self._further, self._files, self._order, self._check = further, files, order, check

    def start(self, container: Container) -> None:
        """Check the container, copy its files, start it and join its other networks; remove it if any of that fails."""
        try:
            self._check(container)
            for folder, files in groupby(self._files, lambda file: str(PurePosixPath(file.path).parent)):
                container.put_archive(folder, archive(files, folder))
            if self._order is None:
                return
            self._order.await_turn()
            with self._order.profile.wait(START, f"start {container.name}", "the engine has started it"):
                super().start(container)
            # The engine takes the networks of a container that starts in any order, and publishes its ports anew at
            # each one that sorts before the last: seconds, for a router. Those of a running one are only added.
            for endpoint in self._further:
                with self._order.profile.wait(START, f"join {endpoint.network}", "the engine has joined it"):
                    self.client.networks.get(endpoint.network).connect(container, ipv4_address=endpoint.address)
        except (docker.errors.APIError, LabError):
            container.remove(force=True, v=True)
            raise


class _Starting(DockerContainer):
    """A container that is started through mqlab's client."""

    def __init__(self, image: str, name: str, client: _PreparingClient) -> None:
        super().__init__(image, docker_client_kw=_unused(client.client), name=name)
        self._docker.client.close()  # Testcontainers' own, which may be of another engine
        self._docker = client


class _OurNetwork(Network):
    """A network that is made through mqlab's client."""

    def __init__(self, client: docker.DockerClient, name: str, options: Mapping[str, Any]) -> None:
        super().__init__(docker_client_kw=_unused(client), docker_network_kw=dict(options))
        self._docker.client.close()
        self._docker = _PreparingClient(client)
        self.name = name


def _unused(client: docker.DockerClient) -> dict[str, Any]:
    """Return the settings of Testcontainers' own client, which is closed at once and asks no engine."""
    return {"version": client.api.api_version, "environment": {"DOCKER_HOST": DEFAULT_HOST}}


def start(
    client: docker.DockerClient,
    *,
    image: str,
    name: str,
    endpoints: Sequence[Attachment],
    files: Sequence[File],
    ports: Mapping[int, Sequence[tuple[str, int]]],
    labels: Mapping[str, str],
    options: Mapping[str, Any],
    order: Order | None,
    environment: Mapping[str, str] | None = None,
    check: Callable[[Container], None] = lambda container: None,
) -> str:
    """Start one container of a lab and return its id; `ports` maps its ports to addresses and ports of its host.

    `check` is called before its files are copied, and raises LabError if the container must not start.

    Without an order, the container is made with its files and not started.
    """
    first, *further = endpoints
    preparing = _PreparingClient(client, further, files, order, check)
    starting = _Starting(image, name, preparing)
    # Testcontainers knows ports on every interface only; a lab's are on one address.
    published: dict[str, Any] = {f"{inside}/tcp": list(outside) for inside, outside in ports.items()}
    starting.ports = published
    starting.with_envs(**(environment or {}))
    starting.with_kwargs(
        network=first.network,
        networking_config={first.network: client.api.create_endpoint_config(ipv4_address=first.address)},
        labels=dict(labels),
        **options,
    )
    try:
        starting.start()
    except docker.errors.APIError as error:
        raise HostError(f"the container {name} did not start: {error.explanation or error}") from error
    return starting.get_container_id()


def make_network(client: docker.DockerClient, name: str, options: Mapping[str, Any]) -> Network:
    """Create one network; the engine's APIError passes through, since the caller may try another subnet."""
    return _OurNetwork(client, name, options).create()


def archive(files: Iterable[File], folder: str = "/") -> bytes:
    """Return files as a tar archive that is unpacked in a folder, with owner and mode."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for file in files:
            entry = tarfile.TarInfo(str(PurePosixPath(file.path).relative_to(folder)))
            entry.size, entry.mode, entry.uid, entry.gid = len(file.content), file.mode, file.owner, file.owner
            entry.mtime = int(time.time())
            tar.addfile(entry, io.BytesIO(file.content))
    return packed.getvalue()
