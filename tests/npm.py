"""Packages of npm that tests use, each set in a folder of its own under the cache of the tests: fetched once."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from tests.promised import lacking

# Without scripts: no package here needs any, and none of them is to run on this machine.
_OPTIONS = ("--no-audit", "--no-fund", "--no-save", "--ignore-scripts", "--loglevel", "error", "--fetch-retries", "1")
_SECONDS = 300


def packages(*names: str) -> Path:
    """Return the node_modules folder with packages, each with its version; end the test if npm cannot fetch them."""
    try:
        return fetched(*names)
    except (OSError, subprocess.SubprocessError) as error:
        lacking(f"no {', '.join(names)}, which npm fetches: {error} {getattr(error, 'stderr', '')}")


def fetched(*names: str) -> Path:
    """Return the node_modules folder with packages; raise OSError or SubprocessError if npm cannot fetch them."""
    home = os.environ.get("MQLAB_CACHE") or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "mqlab")
    folder = Path(home, "tests", "npm", "+".join(names).replace("@", "-").replace("/", "-").strip("-"))
    if not folder.exists():
        npm = shutil.which("npm")
        if npm is None or shutil.which("node") is None:
            raise FileNotFoundError("node or npm is not on the PATH")
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as place:
            command = [npm, "install", "--prefix", f"{place}/new", *_OPTIONS, *names]
            subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=True)
            try:
                Path(place, "new").rename(folder)
            except OSError:
                if not folder.is_dir():  # else another process was first
                    raise
    return folder / "node_modules"
