"""The page of a lab that this process has opened, served by another process: its work delays no client of the lab."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from tempfile import TemporaryFile

import lab.extras.http_server  # noqa: F401 - so that a library that is not installed is told before the lab opens
from lab.cli import options
from lab.cli.run_many import ITSELF

_ENDS_WITHIN = 10.0  # seconds, in which the page shows its readers that the lab has ended


@contextmanager
def page_beside(run: str, command: Sequence[str] = ITSELF) -> Iterator[None]:
    """Serve the page of a lab for the block, and until the lab has ended; print its address, or why there is none.

    After an error in the block, the page ends at once.
    """
    # Its progress goes to a file: a pipe that is not read would be full one day, and hold up the page.
    with TemporaryFile("w+", encoding="utf-8", errors="replace") as errors:
        process = subprocess.Popen(
            [*command, "page", run],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,  # so that Ctrl-C reaches it once, from here
        )
        try:
            assert process.stdout is not None
            if line := process.stdout.readline():
                options.err().print(line.strip(), markup=False, highlight=False, soft_wrap=True)
            else:
                process.wait()
                errors.seek(0)
                options.complain(f"the page is not served: {errors.read().strip()}")
            yield
            with suppress(subprocess.TimeoutExpired):
                process.wait(_ENDS_WITHIN)
        finally:
            process.terminate()  # harmless if it has ended
            process.communicate()
