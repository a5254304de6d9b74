"""up --api: the API of Amazon MQ on a lab that is open."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

from lab.base.printable import plain_line
from lab.cli import options
from lab.extras.api import client_settings
from lab.extras.api.kept_account import new_access_key
from lab.extras.api.lab_account import LabAccount
from lab.extras.api.server import Door
from lab.extras.api.serving import serving
from lab.extras.http_server import HOST, listening
from lab.living.attach import attach
from lab.living.history import API
from lab.runtime.progress import Told
from lab.runtime.runtime import LOCAL


@contextmanager
def door(run: str, progress: Told, *, endpoints: str, quiet: bool) -> Iterator[None]:
    """Serve a lab at any free port for the block, and print the settings of clients."""
    log, key = options.err(), new_access_key()

    def line(text: str) -> None:
        log.print(plain_line(text), soft_wrap=True, markup=False, highlight=False)

    def later(rest: Callable[[], None]) -> None:
        threading.Thread(target=rest, name="mqlab-verb", daemon=True).start()

    with closing(listening(0)) as opened, attach(run, progress=progress, by=API) as live:
        account = LabAccount(
            live,
            later=later,
            reach=lambda: attach(run, progress=progress, by=API),
            log=line,
            local=endpoints == LOCAL,
        )
        port = opened.getsockname()[1]
        url = f"http://{HOST}:{port}"
        told = (lambda text: None) if quiet else account.notice
        with serving(opened, Door(port=port, access_key=key, serve=account.serve, log=told)):
            options.say(client_settings.settings(url, key, client_settings.SHELLS[0]))
            options.say(f"{client_settings.READY}{url}")
            yield
