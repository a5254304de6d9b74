"""A broker's files for its next start, and the vault of its passwords, both inside its containers."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import RLock

import docker.errors
from docker.models.containers import Container
from pydantic import SecretStr

from lab.amazonmq.files.broker_files import BrokerFile, broker_files
from lab.amazonmq.files.vault import VAULT, Vault
from lab.base.masking import Mask
from lab.emulation.brokers.containers import packed
from lab.emulation.engine.containers import archive
from lab.errors import HostError
from lab.plan.values import BrokerPlan
from lab.report.run_folder import keep_next


class Vaults:
    """Reads and writes the vaults of a lab's brokers; thread-safe.

    Each is read once, and again after another process may have changed it: when `written` returns another token.
    """

    def __init__(
        self,
        containers: Callable[[str], Sequence[Container]],
        known: Mapping[str, Vault],
        written: Callable[[], object] = lambda: None,
    ) -> None:
        self._containers, self._written = containers, written
        self._known = dict(known)
        self._token = written()
        self._mask: Mask | None = None
        self._secrets: set[str] = set()  # all that were ever read: what has gone is still in logs
        self._one = RLock()

    def note_written(self) -> None:
        """Take the present token as one of a change by this process."""
        self._token = self._written()

    def password(self, broker: str, user: str) -> SecretStr:
        """Return a user's current password."""
        with self._up_to_date():
            return SecretStr(self._of(broker).password(user))

    def keep(self, broker: str, user: str, number: int, password: SecretStr) -> None:
        """Add a password to a broker's vault, under a number."""
        with self._up_to_date():
            self._put(broker, self._of(broker).with_password(user, number, password.get_secret_value()), ())

    def mask(self, brokers: Iterable[str]) -> Mask:
        """Return the mask of all passwords of brokers, with old ones; of a missing container, those read before."""
        with self._up_to_date():
            if self._mask is not None:
                return self._mask
            all_read = True
            for broker in brokers:
                try:
                    self._secrets.update(self._of(broker).all)
                except docker.errors.NotFound:
                    continue
                except (docker.errors.DockerException, HostError):
                    all_read = False  # it is tried again next time
            found = Mask.of(self._secrets)
            self._mask = found if all_read else None
            return found

    def prepare(self, broker: BrokerPlan, numbers: Mapping[str, int], folder: Path) -> None:
        """Write a broker's files anew, and a copy of its activemq.xml, passwords masked, into the run folder.

        `numbers` maps each user to the number of the password to use; `folder` is the run folder.
        """
        with self._up_to_date():
            vault = self._of(broker.name).with_current(numbers)
            self._put(broker.name, vault, broker_files(broker.activemq_xml, broker.identity.users, vault.secrets))
        keep_next(folder, broker.name, Mask.of(vault.all).text(broker.activemq_xml))

    @contextmanager
    def _up_to_date(self) -> Iterator[None]:
        with self._one:
            if (token := self._written()) != self._token:
                self._token, self._mask = token, None
                self._known.clear()
            yield

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
        self._known[broker], self._mask = vault, None


def mask_of(containers: Iterable[Container]) -> Mask:
    """Return the mask of all passwords in the vaults of containers; a router, for example, has no vault."""
    found: list[str] = []
    for each in containers:
        with suppress(docker.errors.DockerException, HostError):
            found += Vault.read(_fetched(each, VAULT)).all
    return Mask.of(found)


def _fetched(container: Container, path: str) -> bytes:
    try:
        stream, _ = container.get_archive(path)
    except docker.errors.NotFound:
        raise
    except docker.errors.APIError as error:
        raise HostError(f"{path} of a broker cannot be read: {error.explanation or error}") from error
    with tarfile.open(fileobj=io.BytesIO(b"".join(stream))) as tar:
        found = tar.extractfile(tar.getmembers()[0])
        assert found is not None  # it was written as a file
        return found.read()
