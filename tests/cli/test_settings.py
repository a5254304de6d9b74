"""`mqlab doctor --settings` prints every environment variable that mqlab reads, with the text in force."""

from __future__ import annotations

from pathlib import Path

from lab.masking import MASK
from tests.command import Commands


def test_settings_are_printed_with_the_text_in_force(tmp_path: Path) -> None:
    ended = Commands(folder=tmp_path).inside(
        "doctor",
        "--settings",
        "--json",
        MQLAB_PASSWORD="correct-horse-42",
        DOCKER_HOST="ssh://lab:correct-horse-42@east",
        MQLAB_CACHE="",
        XDG_CACHE_HOME="/cache",
    )
    assert ended.code == 0
    assert "correct-horse" not in ended.out
    rows = {row["name"]: row for row in ended.json}
    assert (rows["MQLAB_PASSWORD"]["value"], rows["MQLAB_PASSWORD"]["set"]) == (MASK, True)
    assert rows["DOCKER_HOST"]["value"] == f"ssh://{MASK}@east"
    assert (rows["MQLAB_CACHE"]["value"], rows["MQLAB_CACHE"]["set"]) == ("/cache/mqlab", False)
    assert rows["MQLAB_HOME"]["value"] == str(tmp_path / "home")
    assert rows["MQLAB_RUN"]["value"] == "the only running lab"


def test_settings_are_printed_for_people_as_sentences(tmp_path: Path) -> None:
    ended = Commands(folder=tmp_path).inside("doctor", "--settings", MQLAB_POOL="")
    assert ended.code == 0
    assert (
        "MQLAB_POOL=10.213.0.0/16 (default)\n"
        "    Private block of addresses that labs take their subnets from. Unit: CIDR block.\n"
    ) in ended.out
