"""The script that makes a virtual environment says what Python lacks, and installs no more than the runtime needs."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.docs.pages import ROOT

BASH = shutil.which("bash") or "bash"


def made(folder: Path, python: str, *words: str, commands: str = "") -> subprocess.CompletedProcess[str]:
    """Run the script with a command that stands for Python; only what is in `commands` is found beside it."""
    file = folder / "python"
    file.write_text(f"#!/bin/sh\n{python}\n", "utf-8")
    file.chmod(0o755)
    command = [BASH, str(ROOT / "docker" / "venv.sh"), str(file), str(folder / "venv"), *words]
    environment = {"PATH": f"{folder / 'bin'}{commands}"}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("words", [[], ["simulation"]])
def test_an_old_python_is_named(tmp_path: Path, words: list[str]) -> None:
    ended = made(tmp_path, '[ "$1" = --version ] && echo Python 3.9.2; exit 1', *words)
    assert ended.returncode == 3
    assert f"mqlab needs Python 3.11 or newer; '{tmp_path}/python' is Python 3.9.2" in ended.stderr


NO_VENV = 'case "$2" in *ensurepip*) exit 1;; *version_info*) exit 0;; *) exit 0;; esac'


@pytest.mark.parametrize("words", [[], ["simulation"]])
def test_without_apt_what_is_missing_is_named(tmp_path: Path, words: list[str]) -> None:
    ended = made(tmp_path, NO_VENV, *words)
    assert ended.returncode == 3
    assert "Python's venv module" in ended.stderr
    assert ended.stderr.rstrip().endswith("python3-venv" if words else "python3-venv gcc libc6-dev")
    assert ("C compiler" in ended.stderr) == (not words)


def test_a_simulation_has_its_venv_module_installed_and_no_compiler(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    for name, text in (("apt-get", f'echo "$*" >>{tmp_path}/asked; exit 1'), ("id", "echo 0")):
        (tmp_path / "bin" / name).write_text(f"#!/bin/sh\n{text}\n", "utf-8")
        (tmp_path / "bin" / name).chmod(0o755)
    ended = made(tmp_path, NO_VENV, "simulation")
    assert ended.returncode == 3
    assert (tmp_path / "asked").read_text("utf-8").splitlines()[1].endswith("--no-install-recommends python3-venv")
    assert "apt-get could not install python3-venv" in ended.stderr
