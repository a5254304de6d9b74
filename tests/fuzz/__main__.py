"""`python -m tests.fuzz [--seed N] [--first N] [--cases N]`: damaged inputs, the same for the same seed and number.

A case that takes more than CPU_SECONDS of the processor fails, and so does one that needs more than MEMORY.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import signal
import sys
import traceback
from pathlib import Path
from random import Random
from tempfile import mkdtemp
from types import FrameType

from tests.fuzz.kinds import Case, kinds

CPU_SECONDS = 20  # of a case; the slowest takes a few
MEMORY = 3 * 2**30  # bytes of address space


class TooLong(BaseException):
    """A case took too much of the processor's time."""


def outcome(kind: Case, dice: Random, seconds: float) -> BaseException | None:
    """Run one case; return what was raised, or None."""
    folder = Path(mkdtemp(prefix="mqlab-fuzz-"))
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        kind(dice, folder)
    except (Exception, TooLong) as error:  # noqa: BLE001 - whatever is raised is what is sought
        return error
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        shutil.rmtree(folder, ignore_errors=True)
    return None


def run(seed: int, number: int) -> str | None:
    """Run the case of a seed and a number; return what is wrong, or None."""
    dice = Random(f"{seed} {number}")
    kind = dice.choice(tuple(kinds()))
    if (error := outcome(kind, dice, CPU_SECONDS)) is None:
        return None
    where = "".join(traceback.format_tb(error.__traceback__)[-3:])
    return f"seed {seed} case {number} ({kind.__name__}): {type(error).__name__}: {str(error)[:600]}\n{where}"


def main() -> int:
    """Run the cases that the arguments ask for; return 1 if anything is wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--cases", type=int, default=1000)
    asked = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    signal.signal(signal.SIGPROF, too_long)
    wrong = 0
    for number in range(asked.first, asked.first + asked.cases):
        found = run(asked.seed, number)
        if found is not None:
            wrong += 1
            print(found, flush=True)
    print(f"seed {asked.seed}: {asked.cases} cases from {asked.first}, {wrong} wrong")
    return 1 if wrong else 0


def too_long(signum: int, frame: FrameType | None) -> None:
    """End the case that runs."""
    raise TooLong


if __name__ == "__main__":
    sys.exit(main())
