"""What figures were made on, without naming it."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from typing import Any

import psutil

from lab.emulation.engine import engine
from lab.errors import LabError


def machine() -> dict[str, Any]:
    """Say when, on how many cores, how busy with other things, and with which kernel, Python and engine."""
    try:
        docker = engine.facts(engine.connect(os.environ)).version
    except LabError:
        docker = "none"  # the link's and the judge's benches need none
    return {
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "cores": os.cpu_count(),
        "load_now": round(psutil.cpu_percent(interval=1.0) / 100 * (os.cpu_count() or 1), 2),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "docker": docker,
    }
