"""docker/test-tools.sh has what tests and benches need installed, and a machine without a package mirror goes on."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

EVERYTHING = ("ip", "nft", "mosquitto_pub", "javac", "npm", "ssh", "sshd", "chromium")
SCRIPT = Path(__file__).parents[2] / "docker" / "test-tools.sh"


def run(folder: Path, *, apt: str, there: tuple[str, ...] = (), more: tuple[str, ...] = ()) -> tuple[int, str, str]:
    """Run the script with an apt-get and the tools named alone, `more` real; return its code, words, and calls."""
    bin_, calls = folder / "bin", folder / "calls"
    bin_.mkdir()
    for name in ("bash", "id", "grep", *more):
        found = shutil.which(name)
        assert found
        (bin_ / name).symlink_to(found)
    for name, text in {
        "apt-get": f'echo "$@" >>{calls}\n{apt}',
        "apt-cache": "echo 'Candidate: 1'",
        "sudo": 'exec "$@"',
    }.items():
        (bin_ / name).write_text(f"#!/bin/bash\n{text}\n")
    for name in there:
        (bin_ / name).write_text("#!/bin/bash\n")
    for each in bin_.iterdir():
        if not each.is_symlink():
            each.chmod(0o755)
    (folder / "schema").mkdir()
    (folder / "schema" / "tests").mkdir()
    (folder / "schema" / "tests" / "junit-10.xsd").write_text("<schema/>")
    script = folder / "script.sh"  # without the system's own folders, which have what is missing here
    script.write_text(SCRIPT.read_text().replace("/usr/sbin:/sbin", str(bin_)))
    done = subprocess.run(
        [str(bin_ / "bash"), str(script)],
        env={"PATH": str(bin_), "HOME": str(folder), "MQLAB_CACHE": str(folder / "schema")},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return done.returncode, done.stdout + done.stderr, calls.read_text() if calls.exists() else ""


def test_what_is_missing_is_installed(tmp_path: Path) -> None:
    code, said, calls = run(tmp_path, apt="exit 0", there=("ip", "mosquitto_pub", "javac", "npm", "ssh", "sshd"))
    assert code == 0, said
    assert calls.splitlines()[-1].endswith("nftables chromium fonts-dejavu-core")


def test_nothing_is_installed_where_nothing_is_missing(tmp_path: Path) -> None:
    assert run(tmp_path, apt="exit 1", there=EVERYTHING) == (0, "", "")


def test_an_sshd_is_fetched_and_not_installed(tmp_path: Path) -> None:
    there = tuple(name for name in EVERYTHING if name != "sshd")
    code, said, calls = run(tmp_path, apt="exit 0", there=there, more=("mktemp", "mkdir", "rm", "mv", "cp", "dpkg"))
    assert code == 0 and "download" in calls.splitlines()[-1] and "install" not in calls, said


@pytest.mark.parametrize("apt", ["exit 100", '[ "$1" = update ] && exit 100; exit 0'])
def test_a_machine_without_a_mirror_goes_on(tmp_path: Path, apt: str) -> None:
    code, said, _ = run(tmp_path, apt=apt)
    assert code == 0 and "apt-get could not" in said
