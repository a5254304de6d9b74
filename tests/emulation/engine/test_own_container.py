"""A process in a container of the engine that it uses finds the way to published ports, and is not misled by others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from docker.errors import NotFound

from lab.emulation.engine.own_container import own_container, own_gateway

ID = "ab" * 32
MOUNTS = (
    "1188 1187 0:98 / / rw,relatime master:338 - overlay overlay rw,lowerdir=/var/lib/docker/overlay2/l/Q\n"
    f"1201 1188 254:1 /var/lib/docker/containers/{ID}/resolv.conf /etc/resolv.conf rw,relatime - ext4 /dev/vda1 rw\n"
)


class Engine:
    """An engine with one container, on the networks given."""

    def __init__(self, networks: dict[str, Any]) -> None:
        self.containers = self
        self.attrs = {"NetworkSettings": {"Networks": networks}}

    def get(self, id: str) -> Engine:
        if id != ID:
            raise NotFound("no such container")
        return self


def found(engine: Any, mounts: str, folder: Path) -> str | None:
    (folder / "mountinfo").write_text(mounts)
    return own_gateway(lambda: engine, folder / "mountinfo")


def test_the_gateway_is_that_of_the_containers_network(tmp_path: Path) -> None:
    engine = Engine({"cut-off": {"Gateway": ""}, "bridge": {"Gateway": "172.17.0.1"}})
    assert found(engine, MOUNTS, tmp_path) == "172.17.0.1"


@pytest.mark.parametrize(
    ("networks", "mounts"),
    [
        ({"bridge": {"Gateway": "172.17.0.1"}}, MOUNTS.replace("ab", "cd")),  # another engine's, with this one inside
        ({"bridge": {"Gateway": "172.17.0.1"}}, ""),  # no container
        ({"host": {"Gateway": ""}}, MOUNTS),  # the host's own network
    ],
)
def test_there_is_none_where_ports_are_this_machines_own(networks: dict[str, Any], mounts: str, tmp_path: Path) -> None:
    assert found(Engine(networks), mounts, tmp_path) is None


def test_a_file_of_a_container_elsewhere_is_no_sign(tmp_path: Path) -> None:
    assert (
        own_container(f"36 35 8:1 /var/lib/docker/containers/{ID}/hostname /mnt/hostname rw - ext4 /dev/sda1 rw")
        is None
    )


def test_outside_of_containers_no_engine_is_asked(tmp_path: Path) -> None:
    def asked() -> Any:
        raise AssertionError("an engine was asked that need not be")

    (tmp_path / "mountinfo").write_text("22 1 254:1 / / rw - ext4 /dev/vda1 rw\n")
    assert own_gateway(asked, tmp_path / "mountinfo") is own_gateway(asked, tmp_path / "no-linux") is None
