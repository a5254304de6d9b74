"""How long `make demo` takes when everything has been set up: engine, images and all."""

from __future__ import annotations

import os
import statistics
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]


def measure(*, runs: int) -> dict[str, Any]:
    """Run it once off the clock, then a few times, and give the median."""
    took = [_once() for _ in range(runs + 1)][1:]
    return {"runs": runs, "seconds": [round(each, 2) for each in took], "median_s": round(statistics.median(took), 2)}


def _once() -> float:
    with tempfile.TemporaryDirectory() as home:
        begun = time.monotonic()
        done = subprocess.run(
            ["make", "demo"],
            cwd=ROOT,
            env={**os.environ, "MQLAB_HOME": home},
            capture_output=True,
            text=True,
            check=False,
        )
        took = time.monotonic() - begun
    if done.returncode != 0:
        raise SystemExit(f"make demo ended with {done.returncode}:\n{done.stderr[-2000:]}")
    return took
