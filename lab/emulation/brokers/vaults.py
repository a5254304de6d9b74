"""A broker's files for its next start, and the vault of its passwords, both inside its containers."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import docker.errors
from docker.models.containers import Container
from pydantic import SecretStr

from lab.amazonmq.files.broker_files import BrokerFile, broker_files
from lab.amazonmq.files.vault import VAULT, Vault
from lab.emulation.brokers.containers import packed
from lab.emulation.engine.containers import archive
from lab.errors import HostError
from lab.masking import Mask
from lab.plan.values import BrokerPlan
from lab.text_files import open_private


class Vaults:
    """Reads and writes the vaults of a lab's brokers; each is read once."""

    def __init__(self, containers: Callable[[str], Sequence[Container]], known: Mapping[str, Vault]) -> None:
        self._containers = containers
        self._known = dict(known)

    def forget(self) -> None:
        """Have vaults read again when they are needed, since another process may have changed them."""
        self._known.clear()

    def password(self, broker: str, user: str) -> SecretStr:
        """Return a user's current password."""
        return SecretStr(self._of(broker).password(user))

    def keep(self, broker: str, user: str, number: int, password: SecretStr) -> None:
        """Add a password to a broker's vault, under a number."""
        self._put(broker, self._of(broker).with_password(user, number, password.get_secret_value()), ())

    def mask(self, brokers: Iterable[str]) -> Mask:
        """Return the mask of all passwords of brokers; of one whose container has gone, none is known."""
        found: list[str] = []
        for broker in brokers:
            with suppress(docker.errors.DockerException, HostError):
                found += self._of(broker).all
        return Mask.of(found)

    def prepare(self, broker: BrokerPlan, numbers: Mapping[str, int], folder: Path) -> None:
        """Write a broker's files anew, and a copy of its activemq.xml, passwords masked, into the run folder.

        `numbers` maps each user to the number of the password to use; `folder` is the run folder.
        """
        vault = self._of(broker.name).with_current(numbers)
        self._put(broker.name, vault, broker_files(broker.activemq_xml, broker.identity.users, vault.secrets))
        its = folder / "brokers" / broker.name
        its.mkdir(parents=True, exist_ok=True)
        number = 2 + len([*its.glob("activemq.*.xml")])
        with open(its / f"activemq.{number}.xml", "w", encoding="utf-8", opener=open_private) as file:
            file.write(Mask.of(vault.all).text(broker.activemq_xml))

    def _of(self, broker: str) -> Vault:
        if broker not in self._known:
            self._known[broker] = Vault.read(_fetched(self._containers(broker)[0], VAULT))
        return self._known[broker]

    def _put(self, broker: str, vault: Vault, files: Sequence[BrokerFile]) -> None:
        for container in self._containers(broker):
            try:
                container.put_archive("/", archive(packed((*files, vault.file))))
            except docker.errors.APIError as error:
                raise HostError(f"broker {broker} cannot be given its files: {error.explanation or error}") from error
        self._known[broker] = vault


def mask_of(containers: Iterable[Container]) -> Mask:
    """Return the mask of all passwords in the vaults of containers; one without a vault, such as a router, has none."""
    found: list[str] = []
    for each in containers:
        with suppress(docker.errors.DockerException, HostError):
            found += Vault.read(_fetched(each, VAULT)).all
    return Mask.of(found)


def _fetched(container: Container, path: str) -> bytes:
    try:
        stream, _ = container.get_archive(path)
    except docker.errors.APIError as error:
        raise HostError(f"{path} of a broker cannot be read: {error.explanation or error}") from error
    with tarfile.open(fileobj=io.BytesIO(b"".join(stream))) as tar:
        found = tar.extractfile(tar.getmembers()[0])
        assert found is not None  # it was written as a file
        return found.read()
