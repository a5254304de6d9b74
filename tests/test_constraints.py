"""The constraints that the wheel ships are the versions of the lock file, without its hashes."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_constraints_are_the_lock_files_versions() -> None:
    locked = [
        line.split()[0] for line in (ROOT / "requirements.lock").read_text("utf-8").splitlines() if line[:1] > "#"
    ]
    assert (ROOT / "constraints.txt").read_text("utf-8").split() == locked, "`make lock` writes both"
