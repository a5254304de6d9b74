"""Run a set of tests in parts, each with a line: `python -m tests.parts fast`, `test` or `all`.

`fast` needs nothing but the virtual environment. `test` is what a push needs, `all` is everything. While the tests
without Docker run, the engine, the images and the tools of the other tests are set up beside them. Each part leaves
JUnit XML in build/tests; at the end `tests.durations` tells where the time went.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests import durations
from tests.promised import PROMISED

ROOT = Path(__file__).parents[1]
SETUP_LOG = durations.FOLDER / "setup.log"
NEEDS_MACHINE = (
    "docker or netns or tools"  # more than Python: an engine, namespaces, what docker/test-tools.sh installs
)
WORKER_MEMORY, LAB_MEMORY = 1 << 30, 4 << 30  # bytes of a worker of pytest, and of one that has labs open
BESIDE, PUSH = " and not alone", " and not release"


def cores() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def bounded(wanted: int, memory: int, each: int) -> int:
    """Return how many workers there are: as wanted, as far as the memory is enough, and at least one."""
    return max(1, min(wanted, memory // each))


def workers(memory: int) -> int:
    """Return the workers of tests without Docker, half of which wait for something."""
    return bounded(cores() + cores() // 2, memory, WORKER_MEMORY)


def labs(memory: int) -> int:
    """Return the workers of tests with real brokers: each has a lab or two, and brokers start slowly without a core."""
    return bounded(cores(), memory, LAB_MEMORY)


def one(memory: int) -> int:
    """Return the one worker of tests whose verdicts are about time."""
    return 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Tests that run together."""

    name: str
    marks: str  # pytest's -m
    minutes: float  # on two cores, for what is said before it begins
    workers: Callable[[int], int]
    promised: bool = True  # what the machine lacks is a failure


FAST = Part(name="fast", marks=f"not ({NEEDS_MACHINE})" + BESIDE + PUSH, minutes=4, workers=workers, promised=False)
SETS: dict[str, tuple[Part, ...]] = {
    "fast": (FAST,),
    "test": (
        Part(name="without-docker", marks=FAST.marks, minutes=4, workers=workers),
        Part(name="with-docker", marks=f"({NEEDS_MACHINE})" + BESIDE + PUSH, minutes=6, workers=labs),
    ),
    "all": (
        Part(name="without-docker", marks=f"not ({NEEDS_MACHINE})" + BESIDE, minutes=6, workers=workers),
        Part(name="with-docker", marks=f"({NEEDS_MACHINE})" + BESIDE, minutes=15, workers=labs),
        Part(name="alone", marks="alone", minutes=2, workers=one),
    ),
}


def command(part: Part, memory: int, more: list[str]) -> list[str]:
    """Return the words that run a part."""
    number = part.workers(memory)
    spread = ["-n", str(number), "--dist", "loadgroup"] if number else []
    xml = f"--junitxml={durations.FOLDER / part.name}.xml"
    return [sys.executable, "-m", "pytest", "-q", "-m", part.marks, *spread, xml, *more]


def setup() -> subprocess.Popen[bytes]:
    """Begin to set up the engine, the images and the tools of tests."""
    script = 'bash docker/engine.sh && "$0" images && bash docker/test-tools.sh'
    with SETUP_LOG.open("wb") as log:
        mqlab = Path(sys.executable).with_name("mqlab")
        return subprocess.Popen(["bash", "-c", script, mqlab], cwd=ROOT, stdout=log, stderr=subprocess.STDOUT)


def finished(beside: subprocess.Popen[bytes]) -> bool:
    """Wait for the set-up; if it failed, show its log."""
    if beside.poll() is None:
        say(f"waiting for the engine, the images and the tools ({SETUP_LOG.relative_to(ROOT)})")
    if beside.wait():
        sys.stderr.write(SETUP_LOG.read_text("utf-8", "replace"))
        say("the set-up failed: its messages are above")
    return beside.returncode == 0


def say(text: str) -> None:
    """Print a line that stands out among pytest's."""
    print(f"tests: {text}", flush=True)


def main(name: str, more: list[str]) -> int:
    """Run the parts of a set; return 1 if a test failed or a part could not be run."""
    parts = SETS[name]
    durations.FOLDER.mkdir(parents=True, exist_ok=True)
    for old in durations.FOLDER.glob("*.xml"):
        old.unlink()
    memory = psutil.virtual_memory().available
    beside = setup() if len(parts) > 1 else None
    begun, failed = time.monotonic(), list[str]()
    for number, part in enumerate(parts):
        left = sum(each.minutes for each in parts[number:])
        say(f"part {number + 1} of {len(parts)}, {part.name}: about {left:.0f} minutes are left on two cores")
        if number and beside is not None and not finished(beside):
            failed.append("the set-up")
            break
        environment = {**os.environ, **({PROMISED: "1"} if part.promised else {})}
        part_begun = time.monotonic()
        code = subprocess.run(command(part, memory, more), cwd=ROOT, env=environment, check=False).returncode
        failed += [part.name] if code else []
        say(f"{part.name}: {'FAILED' if code else 'passed'} in {minutes(time.monotonic() - part_begun)}")
    if beside is not None:
        beside.wait()
    print(durations.summary(durations.tests()), flush=True)
    say(f"{minutes(time.monotonic() - begun)}: {'FAILED: ' + ', '.join(failed) if failed else 'all passed'}")
    return bool(failed)


def minutes(seconds: float) -> str:
    """Return a duration as a person reads it."""
    return f"{int(seconds) // 60} min {int(seconds) % 60} s"


if __name__ == "__main__":
    if sys.argv[1:2] == [] or sys.argv[1] not in SETS:
        sys.exit(f"usage: python -m tests.parts {'|'.join(SETS)} [WORDS FOR PYTEST]")
    sys.exit(main(sys.argv[1], sys.argv[2:]))
