"""The passwords in brokers' vaults: those that another process set, and those that are nobody's any more."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator, Sequence
from typing import cast

import docker.errors
import pytest
from docker.models.containers import Container
from pydantic import SecretStr

from lab.amazonmq.files.broker_files import BrokerSecrets
from lab.amazonmq.files.vault import VAULT, Vault
from lab.emulation.brokers.vaults import Vaults
from lab.errors import HostError

FIRST, SECOND = "the-first-word-1858", "the-second-word-1866"
VAULT_OF = Vault.of(
    BrokerSecrets(users={"testuser": FIRST}, key_store="store-word", console="page-word", jolokia="jmx-word"),
    {"testuser": 1},
)


class FakeContainer:
    """A container that has a vault."""

    def __init__(self) -> None:
        self.vault, self.read = VAULT_OF, 0
        self.error: Exception | None = None

    def get_archive(self, path: str) -> tuple[Iterator[bytes], dict[str, object]]:
        if self.error is not None:
            raise self.error
        self.read += 1
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w") as tar:
            entry = tarfile.TarInfo(path.rpartition("/")[2])
            entry.size = len(self.vault.file.content)
            tar.addfile(entry, io.BytesIO(self.vault.file.content))
        return iter((packed.getvalue(),)), {}

    def put_archive(self, path: str, octets: bytes) -> None:
        with tarfile.open(fileobj=io.BytesIO(octets)) as tar:
            found = tar.extractfile(VAULT.lstrip("/"))
            assert found is not None
            self.vault = Vault.read(found.read())


class Lab:
    """A broker, and the token of its lab's note."""

    def __init__(self) -> None:
        self.container, self.token = FakeContainer(), 1
        self.gone = False

    def containers(self, broker: str) -> Sequence[Container]:
        if self.gone:
            raise docker.errors.NotFound("No such container")
        return (cast(Container, self.container),)

    def process(self) -> Vaults:
        return Vaults(self.containers, {}, lambda: self.token)


@pytest.fixture
def lab() -> Lab:
    return Lab()


def masked(vaults: Vaults, text: str) -> str:
    return vaults.mask(("tokyo",)).text(text)


def test_a_password_that_another_process_set_is_masked_once_its_note_is_written(lab: Lab) -> None:
    monitor, command = lab.process(), lab.process()
    assert masked(monitor, f"{FIRST} {SECOND}") == f"******** {SECOND}"
    command.keep("tokyo", "testuser", 2, SecretStr(SECOND))
    lab.token = 2
    assert masked(monitor, f"{FIRST} {SECOND}") == "******** ********"


def test_a_vault_is_read_again_only_after_a_change(lab: Lab) -> None:
    monitor = lab.process()
    for _ in range(3):
        masked(monitor, "")
    assert lab.container.read == 1
    lab.token = 2
    monitor.note_written()
    masked(monitor, "")
    assert lab.container.read == 1, "its own change"


def test_what_was_read_is_masked_still_when_its_container_has_gone(lab: Lab) -> None:
    monitor = lab.process()
    assert masked(monitor, FIRST) == "********"
    lab.gone, lab.token = True, 2
    assert masked(monitor, FIRST) == "********"


@pytest.mark.parametrize("error", [docker.errors.APIError("busy"), HostError("it cannot be read")])
def test_a_vault_that_could_not_be_read_is_read_next_time(lab: Lab, error: Exception) -> None:
    monitor = lab.process()
    lab.container.error = error
    assert masked(monitor, FIRST) == FIRST
    lab.container.error = None
    assert masked(monitor, FIRST) == "********"


def test_a_password_that_was_replaced_is_masked_by_whoever_comes_later(lab: Lab) -> None:
    command = lab.process()
    command.keep("tokyo", "testuser", 2, SecretStr(SECOND))
    lab.container.vault = lab.container.vault.with_current({"testuser": 2})
    assert masked(lab.process(), f"{FIRST} {SECOND}") == "******** ********"
