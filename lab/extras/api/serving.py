"""A server of records alone that runs in a thread, for tests and programs."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

from lab.extras.api.client_settings import environment
from lab.extras.api.records_account import RecordsAccount
from lab.extras.api.server import Door
from lab.extras.http_server import HOST, SILENT_SECONDS, listening, server


class ServedHere:
    """A server of this process and its account."""

    def __init__(self, account: RecordsAccount, port: int) -> None:
        self._account, self.url, self.port = account, f"http://{HOST}:{port}", port

    @property
    def access_key(self) -> str:
        """Return the id of the only access key that the server accepts."""
        return self._account.access_key

    @property
    def environment(self) -> Mapping[str, str]:
        """Return the variables by which clients of AWS reach the server."""
        return environment(self.url, self.access_key)

    @property
    def account(self) -> RecordsAccount:
        """Return the account, to look into it."""
        return self._account

    def reset(self) -> None:
        """Make the account empty."""
        self._account.reset()


@contextmanager
def serving(opened: socket.socket, door: Door, *, silent: float = SILENT_SECONDS) -> Iterator[None]:
    """Serve by a door in a thread, for the block."""
    runs = server(door.application, silent=silent)
    thread = threading.Thread(target=runs.run, kwargs={"sockets": [opened]}, name="mqlab-api", daemon=True)
    thread.start()
    try:
        yield
    finally:
        runs.should_exit = True
        thread.join()


@contextmanager
def served(
    folder: Path,
    *,
    port: int = 0,
    access_key: str | None = None,
    takes: float | None = None,
    silent: float = SILENT_SECONDS,
    log: Callable[[str], None] = lambda text: None,
) -> Iterator[ServedHere]:
    """Serve the account of a folder for the block."""
    with (
        closing(listening(port)) as opened,
        closing(RecordsAccount(folder, access_key=access_key, takes=takes, log=log)) as account,
    ):
        port = opened.getsockname()[1]
        door = Door(port=port, access_key=account.access_key, serve=account.serve, log=account.notice)
        with serving(opened, door, silent=silent):
            yield ServedHere(account, port)
