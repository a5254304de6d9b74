"""A variant's file is its scenario with other values, and what is wrong with it is said at its place."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from lab.base.shipped import shipped
from lab.check.scenario import check
from lab.declare.loading import load
from lab.declare.steps.messages import Publish
from lab.errors import InputError

STORY = f"""scenario: story
about: of two
topology: {shipped("scenarios")}/topologies/tokyo-singapore.yaml
steps:
  - subscribe: {{client: sg, broker: singapore, over: stomp, queue: orders}}
  - publish: {{broker: tokyo, over: stomp, queue: orders, count: 10}}
expect:
  - delivered: {{to: sg, promise: exactly-once}}
"""
HEAD = "variant-of: story.yaml\nscenario: another\n"


def written(folder: Path, text: str) -> Path:
    (folder / "below").mkdir()
    (folder / "story.yaml").write_text(STORY)
    (folder / "below" / "variant.yaml").write_text(text.replace("variant-of: ", "variant-of: ../"))
    return folder / "below" / "variant.yaml"


def test_it_is_the_scenario_with_what_it_sets_and_its_own_name(tmp_path: Path) -> None:
    text = HEAD + "set:\n  steps.2.count: 20\n  links.tokyo-singapore.delay: 70ms\nfails: [lost, twice]\n"
    scenario = load(written(tmp_path, text), environment={})
    assert check(scenario) == ()
    assert (scenario.scenario, scenario.about) == ("another", "")
    assert [step.count for step in scenario.steps if isinstance(step, Publish)] == [20]
    assert getattr(scenario.topology.links[0].link, "delay", None) == timedelta(milliseconds=70)
    assert scenario.origin.set == {"steps.2.count": "20", "links.tokyo-singapore.delay": "70ms"}
    assert scenario.origin.fails == ("lost", "twice")
    assert "failed" not in scenario.declared()
    names = [source.name for source in scenario.origin.sources]
    assert [Path(name).name for name in names] == ["variant.yaml", "story.yaml", "tokyo-singapore.yaml", "tokyo.xml"]


def test_what_is_set_from_outside_too_is_that_from_outside(tmp_path: Path) -> None:
    path = written(tmp_path, HEAD + "set: {steps.2.count: 20, seed: 5}\n")
    scenario = load(path, environment={}, set={"steps.2.count": "30"})
    assert [step.count for step in scenario.steps if isinstance(step, Publish)] == [30]
    assert scenario.seed == 5
    with pytest.raises(InputError) as caught:
        load(path, environment={}, set={"steps.2.count": "many"})
    assert "story.yaml:6" in str(caught.value), "the place of what it is set instead of"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (HEAD + "set: {}\n", "variant.yaml:3:6: at least one is needed"),
        (HEAD, "variant.yaml:1:1: the scenario has no set"),
        ("variant-of: story.yaml\nset: {seed: 2}\n", "variant.yaml:1:1: the scenario has no name"),
        (HEAD + "set: {seed: 2}\nsteps: []\n", "variant.yaml:4:1: unknown key 'steps'"),
        (HEAD + "set: {seed: [2]}\n", "variant.yaml:3:13: a text is needed here"),
        (HEAD + "set: {seed: 2}\nfails: lost\n", "variant.yaml:4:8: a list is needed here"),
        (HEAD + "set: {steps.3.count: 2}\n", "variant.yaml:3:7): there is no step 3"),
        (
            HEAD + "set: {steps.2.count: many}\n",
            "--set steps.2.count (…variant.yaml:3:7): 'many' is not a whole number",
        ),
        (HEAD + "set: {connectors.nobody.duplex: no}\n", 'variant.yaml:3:7): no connector named "nobody"'),
        ("variant-of: nowhere.yaml\nscenario: s\nset: {seed: 2}\n", "variant.yaml:1:13: the file "),
        ("variant-of: below/variant.yaml\nscenario: s\nset: {seed: 2}\n", "variant.yaml is a variant itself"),
    ],
)
def test_what_is_wrong_is_said_at_its_place(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        load(written(tmp_path, text), environment={})
    beginning, _, end = message.rpartition("…")
    assert beginning in str(caught.value) and end in str(caught.value)
    assert len(caught.value.problems) == 1


def test_a_password_is_not_set_by_it(tmp_path: Path) -> None:
    word = "correct-horse-42"
    text = HEAD + f"set:\n  brokers.tokyo.users.testuser: '{{password: {word}}}'\n"
    with pytest.raises(InputError, match="a password is kept with the run") as caught:
        load(written(tmp_path, text), environment={})
    assert word not in str(caught.value)
