"""Commands run inside a container, each of which says something."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from docker.models.containers import Container

_TIMES = 3


def run_inside(
    container: Container, command: Sequence[str], environment: Mapping[str, str] | None = None
) -> tuple[int | None, str]:
    """Run a command that always says something and may be run again; give its exit code and what it said.

    A busy engine (seen with 20.10) may tell that a command has ended well and hand over nothing of what it said. It is
    run again then.
    """
    code, text = None, ""
    for _ in range(_TIMES):
        code, output = container.exec_run(list(command), environment=dict(environment or {}))
        assert isinstance(output, bytes)  # no stream was asked for
        text = output.decode(errors="replace").strip()
        if text or code != 0:
            break
    return code, text
