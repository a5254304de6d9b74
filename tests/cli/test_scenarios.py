"""`mqlab scenarios`: every shipped one is listed, and a copy is whole and can be run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from lxml.etree import fromstring

from lab.base.shipped import shipped
from lab.declare.loading import load
from lab.declare.student_copy import student_copy
from tests.command import Commands
from tests.failing_variants import FAILING_VARIANTS, SCENARIOS


@pytest.fixture
def mqlab(tmp_path: Path) -> Commands:
    return Commands(folder=tmp_path)


@pytest.mark.release
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


@pytest.mark.parametrize("name", [*SCENARIOS, *FAILING_VARIANTS])
def test_a_student_s_copy_differs_by_the_answers_alone(name: str) -> None:
    for source in load(shipped("scenarios") / f"{name}.yaml", environment={}).origin.sources:
        text = (shipped("scenarios") / source.name).read_text("utf-8")
        copy = student_copy(source.name, text)
        if source.name.endswith(".xml"):
            assert "<!--" not in copy
            assert _elements(copy) == _elements(text)
            continue
        assert not re.search(r"(^|\s)#", copy)
        wanted, found = yaml.safe_load(text), yaml.safe_load(copy)
        for key in ("about", "expect", "fails"):
            wanted.pop(key, None)
        if "set" in wanted:
            wanted["set"] = {key: value for key, value in wanted["set"].items() if not key.startswith("expect.")}
        if "scenario" in wanted:
            wanted["scenario"] = Path(source.name).stem
        assert found == wanted


def _elements(text: str) -> list[tuple[str, dict[str, str]]]:
    return [(each.tag, dict(each.attrib)) for each in fromstring(text.encode()).iter("*")]


def test_a_student_s_copy_runs_without_a_verdict_and_is_judged_by_the_shipped_expectations(
    mqlab: Commands, tmp_path: Path
) -> None:
    copied = mqlab.inside("scenarios", "hub-and-spokes-fails", "--copy", "mine", "--student")
    assert (copied.code, copied.out.split()[0]) == (0, "mine/hub-and-spokes-fails.yaml")
    ran = mqlab.inside("run", "mine/hub-and-spokes-fails.yaml", "--runtime", "simulation", "--quiet", "--json")
    assert (ran.code, ran.json["verdicts"]) == (0, [])
    judged = mqlab.inside("scenarios", "hub-and-spokes-fails", "--check", "mine", "--json")
    assert (judged.code, judged.json["outcome"], judged.json["runtime"]) == (1, "failed", "simulation")
    assert [each["outcome"] for each in judged.json["verdicts"]] == ["passed", "failed", "failed", "passed", "passed"]
    mine = tmp_path / "mine/hub-and-spokes-fails.yaml"
    mine.write_text(mine.read_text().replace("networkTTL: 1", "networkTTL: 2"))
    assert mqlab.inside("scenarios", "hub-and-spokes-fails", "--check", "mine").code == 0


def test_a_copy_that_the_expectations_cannot_fit_is_refused_with_their_name(mqlab: Commands) -> None:
    mqlab.inside("scenarios", "tokyo-singapore-fails", "--copy", "mine", "--student")
    ended = mqlab.inside("scenarios", "tokyo-singapore-fails", "--check", "mine")
    assert ended.code == 2
    assert "connector_tokyo_to_singapore is not duplex" in ended.err
    assert "mine/tokyo-singapore-fails.yaml is judged by the shipped expectations of tokyo-singapore\n" in ended.err


def test_options_of_a_copy_and_of_a_check_are_refused_without_it(mqlab: Commands) -> None:
    for words, said in (
        (("one-way", "--student"), "--student is for a copy\n  add --copy DIR"),
        (("one-way", "--runtime", "simulation"), "--runtime is for --check\n  add --check DIR"),
        (("one-way", "--copy", "a", "--check", "a"), "exclude each other\n  choose one"),
        (("--check", "a"), "--check needs the name of a scenario"),
        (("one-way", "--check", "a"), "a/one-way.yaml is not there\n  make a copy: mqlab scenarios one-way --copy a"),
    ):
        ended = mqlab.inside("scenarios", *words)
        assert ended.code == 2
        assert said in ended.err
