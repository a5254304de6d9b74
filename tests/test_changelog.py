"""CHANGELOG.md is made of the files in changelog.d, and of the versions that it told of before."""

from __future__ import annotations

from pathlib import Path

from lab.base.version import __version__
from tests.changelog import HEAD, changelog

ROOT = Path(__file__).parents[1]


def test_fragments_become_the_part_of_a_version() -> None:
    made = changelog("0.2.0", {"b": "- two\n", "a": "- one\n", "first-version": "New.\n"}, "")
    assert made == f"{HEAD}\n## 0.2.0\n\nNew.\n\n- one\n\n- two\n"


def test_earlier_versions_stay_and_this_one_is_told_once() -> None:
    earlier = changelog("0.1.0", {"a": "- one\n"}, "")
    later = changelog("0.2.0", {"b": "- two\n"}, earlier)
    assert later == f"{HEAD}\n## 0.2.0\n\n- two\n\n## 0.1.0\n\n- one\n"
    assert changelog("0.2.0", {"b": "- two\n", "c": "- three\n"}, later).count("## ") == 2
    assert changelog("0.2.0", {}, later) == later, "its files were removed when it was released"


def test_this_version_is_in_the_file() -> None:
    assert f"\n## {__version__}\n" in (ROOT / "CHANGELOG.md").read_text("utf-8")


def test_fragments_are_lists() -> None:
    for path in (ROOT / "changelog.d").glob("*.md"):
        lines = path.read_text("utf-8").splitlines()
        assert any(line.startswith("- ") for line in lines), path.name
