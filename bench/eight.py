"""Labs opened at once, each by a command of its own that waits for memory, against one opened alone."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from bench.article import SCENARIO

MQLAB = (sys.executable, "-c", "from lab.__main__ import main; main()")
WAIT = "15m"  # for memory; more than eight labs take to open on two slow cores
WAITS = "of memory, of which"  # in what a command says that finds too little
ENDS_WITHIN = 120  # seconds


class NotOpened(Exception):
    """A lab did not open; its command's last words."""


class _Up:
    """One `mqlab up`, which stands until it is told to end."""

    def __init__(self, folder: Path, number: int) -> None:
        self._said = folder / f"up-{number}.stderr"
        # Runs, notes and reservations are those of this folder, so that no lab of anybody else is touched.
        its = {"MQLAB_HOME": str(folder / "home"), "MQLAB_STATE": str(folder / "state")}
        with self._said.open("wb") as err:
            self._process = subprocess.Popen(
                [*MQLAB, "up", SCENARIO, "--json", "--wait", WAIT],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=err,
                env={**os.environ, **its},
                start_new_session=True,  # so that Ctrl-C ends it once, from here
            )

    @property
    def waited(self) -> bool:
        """Return whether there was too little memory at first."""
        return WAITS in " ".join(self._words().split())

    def await_open(self) -> None:
        """Return when the lab is open, which is when its endpoints are printed; raise NotOpened if it ends before."""
        assert self._process.stdout is not None
        if not self._process.stdout.readline():
            raise NotOpened(" ".join(self._words().split())[-500:] or "mqlab up ended without a word")

    def tell_to_end(self) -> None:
        """Have it remove its lab."""
        self._process.terminate()

    def await_end(self) -> None:
        """Wait until the lab is removed."""
        self._process.wait(ENDS_WITHIN)
        assert self._process.stdout is not None
        self._process.stdout.close()

    def _words(self) -> str:
        return self._said.read_text("utf-8", "replace")


def measure(labs: int, pairs: int) -> dict[str, Any]:
    """Open one lab, and `labs` at once, in pairs whose order alternates; return seconds, their ratio, who waited."""
    alone: list[float] = []
    together: list[float] = []
    waited = 0
    try:
        with tempfile.TemporaryDirectory() as folder:
            for pair in range(pairs):
                for count in (1, labs) if pair % 2 == 0 else (labs, 1):
                    its = Path(folder) / f"{pair}-{count}"
                    its.mkdir()
                    took, waiting = _opened(its, count)
                    (alone if count == 1 else together).append(took)
                    waited += waiting
    except NotOpened as why:
        return {"not_measured": str(why)}
    ratios = [many / one for many, one in zip(together, alone, strict=True)]
    return {
        "labs": labs,
        "pairs": pairs,
        "ratio": round(statistics.median(ratios), 2),
        "together_s": round(statistics.median(together), 2),
        "alone_s": round(statistics.median(alone), 2),
        "ratios": [round(each, 2) for each in ratios],
        "waited_for_memory": waited,
    }


def _opened(folder: Path, count: int) -> tuple[float, int]:
    """Open labs at once; return the seconds until all were open, and how many waited for memory. All are ended."""
    began = time.monotonic()
    with ThreadPoolExecutor(count) as pool, _standing(folder, count) as ups:  # ended first, so that nobody waits on
        for _ in pool.map(_Up.await_open, ups):
            pass
        return time.monotonic() - began, sum(each.waited for each in ups)


@contextmanager
def _standing(folder: Path, count: int) -> Iterator[list[_Up]]:
    """Begin commands, and end all of them with the block."""
    ups: list[_Up] = []
    try:
        for number in range(count):
            ups.append(_Up(folder, number))
        yield ups
    finally:
        with ExitStack() as ending:  # each is waited for, also where another one does not end
            for each in ups:
                each.tell_to_end()
                ending.callback(each.await_end)
