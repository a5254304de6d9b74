"""Commands inside a container, which always have output; and a command of this machine in the terminal."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from typing import cast

from docker.errors import NotFound
from docker.models.containers import Container

from docker import DockerClient
from lab.base.interrupts import left_to_others
from lab.emulation.engine.answers import PAUSE_SECONDS, BrokenAnswer
from lab.emulation.engine.api import Api
from lab.runtime.clock import Clock


def run_inside(
    container: Container,
    command: Sequence[str],
    clock: Clock,
    environment: Mapping[str, str] | None = None,
    user: str = "",
    lasts: float = 0.0,
) -> tuple[int | None, str]:
    """Run a command that always has output and may be repeated; return its exit code and its output, stripped.

    `lasts` is how many seconds the command itself may take. A busy engine (seen with 20.10) may report success without
    output, not know the command that was just made, or give half an answer; then the command is run again.
    """
    for seconds in PAUSE_SECONDS:
        try:
            code, text = _run(container, command, environment, user, lasts)
        except BrokenAnswer as error:
            if not error.again:
                raise
        except NotFound as error:
            if "exec instance" not in str(error).lower():
                raise
        else:
            if text or code != 0:
                return code, text
        clock.sleep(seconds)
    return _run(container, command, environment, user, lasts)


def _run(
    container: Container, command: Sequence[str], environment: Mapping[str, str] | None, user: str, lasts: float
) -> tuple[int | None, str]:
    api = cast("Api", cast("DockerClient", container.client).api)  # every client is of `engine`
    code, output = api.run(str(container.id), command, environment or {}, user, lasts)
    return code, output.decode(errors="replace").strip()


def in_the_foreground(command: Sequence[str]) -> int:
    """Run a command of this machine in the terminal, and return its exit code as a shell does.

    Ctrl-C is the command's own to answer, since the terminal gives it to both; another end of this program ends it.
    """
    with left_to_others(), subprocess.Popen(command) as running:
        try:
            code = running.wait()
        except BaseException:
            running.terminate()
            raise
    return code if code >= 0 else 128 - code
