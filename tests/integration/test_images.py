"""Images are built once, without a network, and by an engine that says what it is."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

import docker
from lab.emulation.engine import engine
from lab.emulation.images import bundle, images
from lab.emulation.images.build import build, from_bytes
from lab.emulation.images.bundle import digest_file, load
from lab.errors import HostError

pytestmark = pytest.mark.docker


def quiet(_: str) -> None:
    """Say nothing."""


@pytest.fixture(scope="module")
def client() -> docker.DockerClient:
    return engine.connect(os.environ)


@pytest.fixture(scope="module")
def built(client: docker.DockerClient) -> images.Images:
    return images.ensure(client, version=None, archive=None, environment=os.environ, say=quiet)


@pytest.fixture
def scratch(client: docker.DockerClient) -> Iterator[str]:
    name = f"mqlab/test:{os.getpid()}"
    yield name
    if client.api.images(name=name):
        client.images.remove(name)


def test_a_second_time_nothing_is_done(client: docker.DockerClient, built: images.Images, tmp_path: Path) -> None:
    said: list[str] = []
    # An empty cache: what is there needs no archive.
    again = images.ensure(
        client, version=None, archive=None, environment={"MQLAB_CACHE": str(tmp_path)}, say=said.append
    )
    assert again == built
    assert said == []
    assert not list(tmp_path.iterdir())
    assert {built.base, built.broker, built.router} <= {each.name for each in images.listing(client)}


def test_images_go_through_a_file(client: docker.DockerClient, built: images.Images, tmp_path: Path) -> None:
    file = tmp_path / "images.tar"
    digest = bundle.save(client, [built], file)
    assert digest_file(file).read_text("ascii") == f"{digest}  images.tar\n"
    assert {each.name for each in tmp_path.iterdir()} == {"images.tar", "images.tar.sha256"}
    before = {name: client.images.get(name).id for name in (built.base, built.broker, built.router)}
    load(client, [built], file, digest)  # the engine has them, which other tests need: what it gets is the same
    assert {name: client.images.get(name).id for name in before} == before


def test_a_failing_step_shows_its_last_lines(client: docker.DockerClient, built: images.Images, scratch: str) -> None:
    files = {"Dockerfile": b"ARG BASE\nFROM ${BASE}\nRUN echo so far so good; echo then this; exit 3\n"}
    with pytest.raises(HostError, match="returned a non-zero code: 3") as caught:
        build(client, scratch, built.base, from_bytes(files), quiet)
    assert "then this" in caught.value.remedy
    assert not client.api.images(name=scratch)


def test_a_build_has_no_network(client: docker.DockerClient, built: images.Images, scratch: str) -> None:
    files = {"Dockerfile": b'ARG BASE\nFROM ${BASE}\nRUN test "$(ls /sys/class/net)" = lo\n'}
    build(client, scratch, built.base, from_bytes(files), quiet)
    assert client.images.get(scratch).labels["mqlab.role"] == "image"


def test_the_broker_image_keeps_no_training(client: docker.DockerClient, built: images.Images) -> None:
    script = "ls -A /etc/mqlab /var/lib/activemq; ls /opt/mqlab; id -u; stat -c %s /opt/mqlab/broker.jsa"
    said = client.containers.run(
        built.broker, ["-c", script], entrypoint="bash", network_mode="none", remove=True
    ).decode()
    lines = said.splitlines()
    assert lines[:4] == ["/etc/mqlab:", "", "/var/lib/activemq:", "broker.jsa"]
    assert "training" not in lines
    assert "10001" in lines
    assert int(lines[-1]) > 35_000_000


def test_a_real_engine_tells_what_it_is() -> None:
    client = engine.connect(os.environ)
    facts = engine.facts(client)
    assert facts.version
    assert facts.platform.startswith("linux/")
    assert facts.cpus >= 1
