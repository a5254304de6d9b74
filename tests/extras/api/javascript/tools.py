"""AWS's SDK for JavaScript, in a folder of its own under the cache of the tests: made once."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

SDK = "3.995.0"
_CLIENTS = ("mq", "ec2", "sts")
_HERE = Path(__file__).parent
_SECONDS = 300


def made() -> Path:
    """Return the folder of the SDK, filled by npm if it is not there; raise OSError or SubprocessError if it cannot."""
    home = os.environ.get("MQLAB_CACHE") or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "mqlab")
    folder = Path(home, "tests") / f"javascript-sdk-{SDK}"
    ready = folder / "ready"
    if not ready.exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        packages = [f"@aws-sdk/client-{each}@{SDK}" for each in _CLIENTS]
        # Without scripts: no package needs any, and none of them is to run here.
        options = ("--no-audit", "--no-fund", "--no-save", "--ignore-scripts", "--loglevel", "error")
        npm = shutil.which("npm")
        if npm is None:
            raise FileNotFoundError("npm is not on the PATH")
        command = [npm, "install", "--prefix", str(folder), *options, *packages]
        subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=True)
        ready.touch()
    return folder


def program(folder: Path, name: str, variables: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a program of this folder beside the SDK's packages, with variables of the environment."""
    copy = folder / name  # Node looks for packages beside the program's file
    shutil.copyfile(_HERE / name, copy)
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), **variables}
    return subprocess.run(
        ["node", str(copy)], env=environment, capture_output=True, text=True, timeout=_SECONDS, check=False
    )
