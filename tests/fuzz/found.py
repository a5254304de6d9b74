"""`python -m tests.fuzz.found`: cases that are wrong in each way that the fuzz looks for, and one that is not."""

from __future__ import annotations

import resource
import signal
from pathlib import Path
from random import Random

from tests.fuzz import __main__ as fuzz
from tests.fuzz.kinds import command


def deep(dice: Random, folder: Path) -> None:
    deep(dice, folder)


def endless(dice: Random, folder: Path) -> None:
    while True:
        pass


def no_place(dice: Random, folder: Path) -> None:
    command(folder, "check")  # ends with 2 and names no place, as nothing was handed in


def large(dice: Random, folder: Path) -> None:
    bytearray(2 * fuzz.MEMORY)


def sound(dice: Random, folder: Path) -> None:
    command(folder, "check", "tokyo-singapore")


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_AS, (fuzz.MEMORY, fuzz.MEMORY))
    signal.signal(signal.SIGPROF, fuzz.too_long)
    for case in (deep, endless, no_place, large, sound):
        error = fuzz.outcome(case, Random(1), seconds=1)
        print("sound" if error is None else type(error).__name__)
