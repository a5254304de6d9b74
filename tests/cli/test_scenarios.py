"""`mqlab scenarios`: every shipped one is listed, and a copy is whole and can be run."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.shipped import shipped
from tests.command import Commands
from tests.failing_variants import FAILING_VARIANTS, SCENARIOS


@pytest.fixture
def mqlab(tmp_path: Path) -> Commands:
    return Commands(folder=tmp_path)


def test_every_shipped_scenario_is_listed_with_what_it_is_about(mqlab: Commands) -> None:
    listed = mqlab.inside("scenarios", "--json").json
    assert [each["name"] for each in listed] == [*SCENARIOS, *FAILING_VARIANTS]
    assert all(each["about"] for each in listed)
    assert [each["name"] for each in listed if each.get("fails")] == FAILING_VARIANTS
    whole, variants = mqlab.inside("scenarios").out.split(
        "\nfailing variants, each without a part that its scenario needs:\n"
    )
    assert [line.split()[0] for line in whole.splitlines()] == SCENARIOS
    assert [line.split()[0] for line in variants.splitlines()] == FAILING_VARIANTS


def test_a_copy_is_whole_and_nothing_is_overwritten(mqlab: Commands, tmp_path: Path) -> None:
    copied = mqlab.inside("scenarios", "one-way", "--copy", "mine")
    assert copied.code == 0
    for line in copied.out.split():
        own = (tmp_path / line).read_bytes()
        assert own == (shipped("scenarios") / Path(line).relative_to("mine")).read_bytes()
    assert mqlab.inside("check", "mine/one-way.yaml").code == 0
    variant = mqlab.inside("scenarios", "cut-and-heal-fails", "--copy", "variant").out.split()
    assert [Path(line).name for line in variant[:2]] == ["cut-and-heal-fails.yaml", "cut-and-heal.yaml"]
    assert mqlab.inside("check", "variant/cut-and-heal-fails.yaml").code == 0
    (tmp_path / "mine/one-way.yaml").write_text("changed")
    again = mqlab.inside("scenarios", "one-way", "--copy", "mine")
    assert (again.code, "not overwritten" in again.err) == (2, True)
    assert (tmp_path / "mine/one-way.yaml").read_text() == "changed"


def test_only_shipped_ones_are_known(mqlab: Commands, tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("scenario: mine")
    assert mqlab.inside("scenarios", "mine.yaml").code == 2
    assert mqlab.inside("scenarios", "one-wya").code == 2
    assert mqlab.inside("scenarios", "--copy", "mine").code == 2
    assert mqlab.inside("scenarios", "one-way").out == (shipped("scenarios") / "one-way.yaml").read_text()


def test_a_copy_goes_into_a_folder(mqlab: Commands, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    for to in ("file", "file/below"):
        ended = mqlab.inside("scenarios", "one-way", "--copy", to)
        assert (ended.code, "file is a file\n  name a folder" in ended.err) == (2, True)
    assert (tmp_path / "file").read_text() == "mine"
    (tmp_path / "half").mkdir()
    (tmp_path / "half/topologies").write_text("mine")
    ended = mqlab.inside("scenarios", "one-way", "--copy", "half")
    assert (ended.code, "half/topologies is a file" in ended.err) == (2, True)
    assert [each.name for each in (tmp_path / "half").iterdir()] == ["topologies"], "nothing, or all"
    ended = mqlab.inside("scenarios", "one-way", "--copy", "/proc/mine")
    assert (ended.code, "cannot be written" in ended.err) == (2, True)
