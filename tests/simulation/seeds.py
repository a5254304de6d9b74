"""Shipped scenarios at many seeds, twice: `python -m tests.simulation.seeds [NAME ...] [--seeds 20] [--first 1]`.

Each seed is simulated in two processes with different PYTHONHASHSEEDs, whose histories must be the same but for the run
id and the time of day. Over the seeds, the histories of a scenario must differ if anything in it is chance, by CHANCE,
and be the same if nothing is. Prints a line for each scenario; the exit code is 1 where any is not as it should be.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

from lab import labs
from lab.report.run_folder import RunFolder
from tests.failing_variants import SCENARIOS

# What of a scenario comes from the seed. The others have nothing that does: another seed gives them the same history.
CHANCE: Mapping[str, str] = {
    "broker-killed": "when Tokyo's connector begins after the restart",
    "cut-and-heal": "when TCP's timers ring",
    "cut-topics": "when TCP's timers ring",
    "failover": "when Singapore's standby looks for the lock",
    "hub-and-spokes": "when TCP's timers ring",
    "jitter-and-loss": "the link's dice, and when TCP's timers ring",
    "migration": "when TCP's timers ring",
    "narrow-link": "when TCP's timers ring",
    "revision-pending": "when Tokyo's connector begins after the reboot",
    "silent-partition": "when the ends of the bridge look for silence",
    "small-window": "when TCP's timers ring",
    "the-article": "when Tokyo's connector begins after the reboot",
    "user-not-rebooted": "when Tokyo's connector begins after the reboot",
    "wrong-password": "how far the connector's waits have come",
}


def history(folder: RunFolder) -> str:
    """Return a run's history without its run id, the time of day, and the seal over both."""
    first, rest = folder.history.read_text().split("\n", 1)
    header, rest = json.loads(first), rest.rstrip("\n").rpartition("\n")[0]
    text = json.dumps({**header, "started": ""}) + "\n" + rest
    return text.replace(header["run"], "RUN")


def without_seed(text: str) -> str:
    """Return a history without its first line, which has the seed in it."""
    return text.partition("\n")[2]


def simulated(name: str, seed: int, runs: Path) -> str:
    """Return the history of a scenario at a seed."""
    return history(labs.run(name, runtime="simulation", runs=runs, environment={}, seed=seed, reports=False).folder)


def wrong(name: str, histories: Sequence[str]) -> str:
    """Return what is wrong with the histories of a scenario at several seeds; empty if nothing is."""
    different = len(set(map(without_seed, histories)))
    if name in CHANCE and different == 1:
        return f"the same at each seed, though there is chance in it: {CHANCE[name]}"
    if name not in CHANCE and different > 1:
        return f"{different} histories, though nothing in it is chance"
    return ""


_PRINT = """
import sys, hashlib
from pathlib import Path
from tests.simulation.seeds import simulated, without_seed
name, first, number, runs = sys.argv[1:]
for seed in range(int(first), int(first) + int(number)):
    text = simulated(name, seed, Path(runs))
    print(hashlib.sha256(text.encode()).hexdigest(), hashlib.sha256(without_seed(text).encode()).hexdigest())
"""


def digests(name: str, first: int, number: int, hash_seed: str) -> list[list[str]]:
    """Return the digests of the history at each seed, whole and without the seed, as a process of its own has them."""
    with TemporaryDirectory() as runs:
        done = subprocess.run(
            [sys.executable, "-c", _PRINT, name, str(first), str(number), runs],
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            check=True,
            capture_output=True,
            text=True,
        )
    return [line.split() for line in done.stdout.splitlines()]


def _lines(names: Sequence[str], first: int, number: int, jobs: int) -> Iterator[tuple[str, str]]:
    """Yield each scenario with what is wrong with it."""
    with ThreadPoolExecutor(jobs) as pool:
        found = {name: [pool.submit(digests, name, first, number, each) for each in ("1", "2")] for name in names}
        for name, (one, other) in found.items():
            if one.result() != other.result():
                yield name, "not the same under another PYTHONHASHSEED"
            else:
                yield name, wrong(name, [f"\n{rest}" for _, rest in one.result()])


def main() -> int:
    """Simulate all, and say of each whether it is as it should be."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help="instead of all that ship")
    parser.add_argument("--seeds", type=int, default=20, metavar="N")
    parser.add_argument("--first", type=int, default=1, metavar="SEED")
    parser.add_argument("--jobs", type=int, default=1, metavar="N")
    asked = parser.parse_args()
    bad = 0
    for name, what in _lines(asked.names or SCENARIOS, asked.first, asked.seeds, asked.jobs):
        right = f"differs by {CHANCE[name]}" if name in CHANCE else "the same at each seed"
        print(f"{name:<24} {what.upper() if what else right}", flush=True)
        bad += bool(what)
    print(f"{asked.seeds} seeds, each twice: {bad} of {len(asked.names or SCENARIOS)} not as they should be")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
