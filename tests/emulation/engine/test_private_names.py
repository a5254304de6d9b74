"""Our containers and networks use names that Testcontainers does not promise: each is still there, and still asked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from docker.models.containers import Container
from testcontainers.core.config import testcontainers_config
from testcontainers.core.container import DockerContainer
from testcontainers.core.docker_client import DockerClient
from testcontainers.core.network import Network

import lab.emulation.engine.containers  # which turns the reaper off

VERSION = {"version": "1.41"}  # said, so that no engine is asked for it
MADE = Container(attrs={"Id": "made"})


class Told(DockerClient):
    """Keeps what it is asked, and asks no engine."""

    def __init__(self) -> None:
        self.asked: list[Any] = []

    def create(self, image: str, *arguments: Any, **options: Any) -> Any:
        self.asked.append(("create", image, options["ports"]))
        return MADE

    def start(self, container: Any) -> None:
        self.asked.append(("start", container))

    def client_networks_create(self, name: str, param: Any) -> Any:
        self.asked.append(("network", name, param))


def test_the_reaper_is_off() -> None:
    assert lab.emulation.engine.containers and testcontainers_config.ryuk_disabled is True


@pytest.mark.parametrize("make", [lambda: DockerContainer("image", docker_client_kw=VERSION), lambda: Network(VERSION)])
def test_a_client_is_kept_as_docker(make: Callable[[], Any]) -> None:
    made = make()
    assert isinstance(made._docker, DockerClient)
    made._docker.client.close()


def test_a_container_is_made_and_started_by_the_client_that_docker_names() -> None:
    container: Any = DockerContainer("image", docker_client_kw=VERSION)
    container._docker.client.close()
    container._docker = told = Told()
    container.ports = {"80/tcp": ("127.0.0.1", 8080)}
    container.start()
    assert told.asked == [("create", "image", {"80/tcp": ("127.0.0.1", 8080)}), ("start", MADE)]


def test_a_network_is_made_by_the_client_that_docker_names() -> None:
    network: Any = Network(docker_client_kw=VERSION, docker_network_kw={"internal": True})
    network._docker.client.close()
    network._docker, network.name = told, _ = Told(), "ours"
    network.create()
    assert told.asked == [("network", "ours", {"internal": True})]
