"""Commands run inside a container, each of which has output; and one of this machine, which has the terminal."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence

from docker.models.containers import Container
from requests.exceptions import JSONDecodeError

from lab.interrupts import left_to_others
from lab.runtime.clock import Clock

_PAUSE_SECONDS = (0.05, 0.1, 0.2, 0.4)  # seconds before a command is run again: a busy engine is busy for a while


def run_inside(
    container: Container,
    command: Sequence[str],
    clock: Clock,
    environment: Mapping[str, str] | None = None,
    user: str = "",
) -> tuple[int | None, str]:
    """Run a command that always has output and may be repeated; return its exit code and its output, stripped.

    A busy engine (seen with 20.10) may report success and lose the output, or give no answer at all; then the command
    is run again.
    """
    for seconds in _PAUSE_SECONDS:
        try:
            code, text = _run(container, command, environment, user)
        except JSONDecodeError:  # the engine's own answer was empty
            pass
        else:
            if text or code != 0:
                return code, text
        clock.sleep(seconds)
    return _run(container, command, environment, user)


def _run(
    container: Container, command: Sequence[str], environment: Mapping[str, str] | None, user: str
) -> tuple[int | None, str]:
    code, output = container.exec_run(list(command), environment=dict(environment or {}), user=user)
    assert isinstance(output, bytes)  # no stream was asked for
    return code, output.decode(errors="replace").strip()


def in_the_foreground(command: Sequence[str]) -> int:
    """Run a command of this machine with the terminal, and return its exit code, as a shell counts it.

    Ctrl-C is the command's own to answer, since the terminal gives it to both; another end of this program ends it.
    """
    with left_to_others(), subprocess.Popen(command) as running:
        try:
            code = running.wait()
        except BaseException:
            running.terminate()
            raise
    return code if code >= 0 else 128 - code
