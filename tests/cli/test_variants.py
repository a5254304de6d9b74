"""A variant is set on the command line: what stands is another, and what was run is told wherever the run is."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.command import Commands

DELAY = "--set", "links.tokyo-singapore.delay=70ms"
RUN = Path(__file__).parents[1] / "judge" / "a-variant"


@pytest.fixture
def mqlab(tmp_path: Path) -> Commands:
    return Commands(folder=tmp_path)


def test_plan_render_and_check_take_what_is_set(mqlab: Commands) -> None:
    (link,) = mqlab.inside("plan", "tokyo-singapore", *DELAY, "--json").json["links"]
    assert {way["impairment"]["delay"] for way in link["directions"]} == {"70ms"}
    prefetch = "--set", "connectors.connector_tokyo_to_singapore.prefetchSize=10"
    assert 'prefetchSize="10"' in mqlab.inside("render", "tokyo-singapore", "--broker", "tokyo", *prefetch).out
    assert mqlab.inside("check", "tokyo-singapore", *DELAY, *prefetch).code == 0


@pytest.mark.parametrize("command", ["check", "plan", "render", "routes", "run", "up"])
def test_what_is_wrong_ends_with_2_before_anything_is_done(mqlab: Commands, command: str) -> None:
    ended = mqlab.inside(command, "tokyo-singapore", "--json", "--set", "links.tokyo-singapore.delay=70")
    assert ended.code == 2
    (problem,) = json.loads(ended.out)["problems"]
    assert problem["set"] == "links.tokyo-singapore.delay"
    assert (Path(problem["file"]).name, problem["line"]) == ("tokyo-singapore.yaml", 23)
    assert mqlab.inside(command, "tokyo-singapore", "--set", "seed").code == 2
    assert not mqlab.home.exists()


def test_the_difference_of_a_rendered_configuration_has_the_observer(mqlab: Commands) -> None:
    difference = "render", "tokyo-singapore", "--broker", "tokyo", "--diff"
    observed = mqlab.inside(*difference, "--set", 'observe=["orders.>", "topic:prices.*"]').out.splitlines()
    plugin = [line for line in observed if 'class="mqlab.Observer"' in line]
    assert len(plugin) == 1 and plugin[0].startswith("+")
    assert [line for line in observed if line.startswith("+") and 'value="orders.&gt; topic:prices.*"' in line]
    assert "Observer" not in mqlab.inside(*difference).out


def test_a_configuration_alone_has_no_variant(mqlab: Commands, tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text("<broker/>")
    ended = mqlab.inside("check", tmp_path / "a.xml", *DELAY)
    assert (ended.code, "--set is for scenarios" in ended.err) == (2, True)


def test_a_judged_run_tells_what_was_set(mqlab: Commands, tmp_path: Path) -> None:
    page, junit = tmp_path / "page.html", tmp_path / "junit.xml"
    ended = mqlab.inside("judge", RUN, "--html", page, "--junit", junit)
    assert "set links.tokyo-singapore.delay=70ms" in ended.out
    assert mqlab.inside("judge", RUN, "--json").json["set"]["links.tokyo-singapore.delay"] == "70ms"
    assert "--set links.tokyo-singapore.delay=70ms" in page.read_text()
    properties = {each.get("name"): each.get("value") for each in ElementTree.parse(junit).iter("property")}
    assert properties["set links.tokyo-singapore.delay"] == "70ms"
    assert "set links.tokyo-singapore.delay=70ms" in mqlab.inside("history", RUN).out


def test_a_history_with_something_else_there_is_damaged(mqlab: Commands, tmp_path: Path) -> None:
    header, *rest = (RUN / "history.jsonl").read_text().splitlines()
    written = json.loads(header)
    written["declared"]["set"] = {"seed": 7}
    (tmp_path / "history.jsonl").write_text("\n".join([json.dumps(written), *rest]) + "\n")
    ended = mqlab.inside("judge", tmp_path / "history.jsonl")
    assert ended.code == 2
    assert "set holds something else than texts" in ended.err
