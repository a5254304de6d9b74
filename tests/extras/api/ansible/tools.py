"""Ansible with Amazon's collections, in an environment of its own under the cache of the tests: made once."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path

import boto3

ANSIBLE, CORE = "12.3.0", "2.19.14"  # the last that runs on Python 3.11; its wheel has the collections
_COLLECTIONS = ("ansible_collections/amazon/aws/", "ansible_collections/community/aws/")
_SECONDS = 300


def made() -> Path:
    """Return the folder of the environment, made if it is not there; raise CalledProcessError if it cannot be had."""
    home = os.environ.get("MQLAB_CACHE") or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "mqlab")
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    folder = Path(home, "tests") / f"ansible-{ANSIBLE}-boto3-{boto3.__version__}-python-{python}"
    ready = folder / "ready"
    if not ready.exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        _fill(folder)
        ready.touch()
    return folder


def playbook(folder: Path, name: str, home: Path, variables: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a playbook of this folder with variables of the environment, and return how it ended."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "LC_ALL": "C.UTF-8",
        "ANSIBLE_COLLECTIONS_PATH": str(folder),
        "ANSIBLE_LOCALHOST_WARNING": "False",
        "ANSIBLE_INVENTORY_UNPARSED_WARNING": "False",
        "ANSIBLE_PIPELINING": "True",
        **variables,
    }
    command = [str(folder / "venv" / "bin" / "ansible-playbook"), name]
    return subprocess.run(
        command,
        cwd=Path(__file__).parent,
        env=environment,
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )


def _fill(folder: Path) -> None:
    python = folder / "venv" / "bin" / "python"
    _run(sys.executable, "-m", "venv", str(folder / "venv"))
    pip = (str(python), "-m", "pip", "-q", "--disable-pip-version-check")
    _run(*pip, "install", "--only-binary", ":all:", f"ansible-core=={CORE}", f"boto3=={boto3.__version__}")
    _run(*pip, "download", "--no-deps", "--only-binary", ":all:", "-d", str(folder), f"ansible=={ANSIBLE}")
    (wheel,) = folder.glob("ansible-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder, [name for name in archive.namelist() if name.startswith(_COLLECTIONS)])
    wheel.unlink()


def _run(*command: str) -> None:
    subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=True)
