"""serve --detach: the same command in a process of its own, which goes on when this one has ended."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import typer

from lab.base.own_modules import with_own_modules
from lab.cli.options import err, say
from lab.errors import HostError
from lab.extras.api.client_settings import READY
from lab.extras.api.server_process import LOG
from lab.runtime.state_file import make_folder, writing_to

_LONGEST_LOG = 2**22  # bytes, from which on the next server begins a new one
_SHOWN = 20  # last lines of the log of a server that did not begin
_SERVER = "from lab.__main__ import main\nmain()\n"


def detached(context: typer.Context, folder: Path) -> int:
    """Start the server of an account, and return when it is ready, or with its exit code if it could not begin."""
    make_folder(folder)
    log = folder / LOG
    with writing_to(folder):
        descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        if (begun := os.fstat(descriptor).st_size) > _LONGEST_LOG:
            os.ftruncate(descriptor, begun := 0)
        process = subprocess.Popen(
            [sys.executable, "-c", _SERVER, "serve", *_words(context)],
            env=with_own_modules(os.environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=descriptor,
            text=True,
            start_new_session=True,
        )
    finally:
        os.close(descriptor)
    try:
        ready = _settings(process)
    except BaseException:
        with suppress(ProcessLookupError):
            process.terminate()
        process.wait()
        raise
    if not ready:
        code = process.wait()
        _show(log, begun)
        if code > 0:
            return code
        raise HostError("the server ended before it was ready", f"see {log}")
    ways = f"See it: mqlab status   Its log: mqlab logs server   End it: mqlab down {folder.name}"
    err().print(f"\nThe server stays. {ways}", soft_wrap=True)
    return 0


def _settings(process: subprocess.Popen[str]) -> bool:
    """Print the lines of a server until it is ready, and return whether it became ready."""
    assert process.stdout is not None
    for line in process.stdout:
        say(line.rstrip("\n"))
        if line.startswith(READY):
            return True
    return False


def _words(context: typer.Context) -> Iterator[str]:
    """Yield the options of this command, except that it leaves the server running."""
    for option in context.command.params:
        name, given = option.opts[0], context.params.get(option.name or "")
        if name == "--detach" or given == option.default or given is None:
            continue
        yield from (name,) if given is True else (name, str(given))


def _show(log: Path, begun: int) -> None:
    """Print the last lines that a server has written to its log."""
    with log.open("rb") as file:
        file.seek(begun)
        lines = file.read().decode(errors="replace").splitlines()
    for line in lines[-_SHOWN:]:
        err().print(line, markup=False, highlight=False, soft_wrap=True)
