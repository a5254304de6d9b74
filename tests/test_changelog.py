"""CHANGELOG.md has a part for this version."""

from __future__ import annotations

from pathlib import Path

from lab.base.version import __version__

ROOT = Path(__file__).parents[1]


def test_this_version_is_in_the_file() -> None:
    assert f"\n## {__version__}\n" in (ROOT / "CHANGELOG.md").read_text("utf-8")
