"""A step is added by a class in a list, a check and a performer: no other place has to know of it.

`blink` is no step of mqlab: its class stands here, and its check and its performer are registered for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import jsonschema
import yaml

from lab.base import units
from lab.check.context import Context
from lab.check.scenario import check
from lab.check.steps import checks
from lab.declare.fields import Duration
from lab.declare.loading import load
from lab.declare.scenario import Scenario
from lab.declare.schema import scenario_schema
from lab.declare.steps import STEPS
from lab.declare.steps.base import Fault, OnLink
from lab.declare.steps.links import Cut, Heal
from lab.errors import Problem
from lab.history import Header, LinkChanged, MemoryRecorder, StepEnded, StepStarted
from lab.judge import Outcome, Streamed, judge
from lab.link.impairment import LinkState
from lab.plan.planning import plan
from lab.replay import replay
from lab.replay.rehearsal import Rehearsal
from lab.replay.steps import performers
from lab.replay.turn import Outcome as StepOutcome
from lab.replay.turn import Turn
from lab.replay.verbs import do
from tests.spoilt_lab import SpoiltLab, opened

ROOT = Path(__file__).parents[1]
STORY = f"""
scenario: a link blinks
topology: {ROOT}/scenarios/topologies/tokyo-singapore.yaml
steps:
  - subscribe: {{client: sg, broker: singapore, over: stomp, topic: orders}}
  - blink: {{link: tokyo-singapore, down: 2s}}
  - publish: {{broker: tokyo, over: stomp, topic: orders, count: 3}}
expect:
  - delivered: {{topic: orders, promise: exactly-once, within: 30s}}
"""


class Blink(OnLink):
    """A link is cut for a moment."""

    verb: ClassVar[str] = "blink"
    fault = Fault.LINK
    brings = LinkState.OPEN
    down: Duration
    """The duration of the cut."""

    def words(self) -> str:
        return f"{super().words()} for {units.format_duration(self.down)}"


class Blinks:
    """How often links have blinked so far."""

    def __init__(self, scenario: Scenario) -> None:
        self.count = 0


@checks.register(Blink)
def check_blink(context: Context, step: Blink) -> Iterator[Problem]:
    context.recall(Blinks).count += 1
    if context.recall(Blinks).count > 1:
        yield context.wrong("link", "nobody blinks twice", "remove one")
    if not step.down:
        yield context.wrong("down", "nobody sees that", "write down: 1s")


@performers.register(Blink)
def perform_blink(rehearsal: Rehearsal, step: Blink, turn: Turn) -> StepOutcome:
    do(rehearsal, Cut(link=step.link, leaving=step.leaving))
    rehearsal.wait(lambda: False, step.down.total_seconds())
    return do(rehearsal, Heal(link=step.link, leaving=step.leaving))


def loaded(folder: Path, text: str) -> Scenario:
    path = folder / "story.yaml"
    path.write_text(text)
    return load(path, environment={}, steps={**STEPS, "blink": Blink})


def test_a_step_that_is_handed_in_is_loaded_checked_replayed_and_judged(tmp_path: Path) -> None:
    scenario = loaded(tmp_path, STORY)
    assert check(scenario) == ()
    planned, recorder = plan(scenario.topology, seed=scenario.seed), MemoryRecorder()
    replay(scenario, planned, opened(planned, scenario.topology, SpoiltLab), recorder, run="run-1")
    seen = recorder.observations
    (asked,) = (each for each in seen if isinstance(each, StepStarted) and each.verb == "blink")
    assert asked.asked == "blink link tokyo-singapore for 2s"
    states = [each.state for each in seen if isinstance(each, LinkChanged)]
    assert states == ["cut", "cut", "open", "open"]
    assert all(each.ok for each in seen if isinstance(each, StepEnded))
    header = Header(
        run="run-1",
        scenario=scenario.scenario,
        seed=scenario.seed,
        runtime="simulation",
        started="2026-11-24T12:00:00Z",
        declared=scenario.declared(),
        mqlab="0",
    )
    report = judge(scenario.expect, Streamed(header, seen), steps={**STEPS, "blink": Blink})
    assert report.outcome is Outcome.PASSED


def test_what_is_wrong_with_it_is_said_by_its_own_check_and_by_what_it_is_made_of(tmp_path: Path) -> None:
    bad = STORY.replace("{link: tokyo-singapore, down: 2s}", "{link: tokio, down: 0s}")
    problems = [str(problem) for problem in check(loaded(tmp_path, bad))]
    assert [problem.splitlines()[0].partition(": ")[2] for problem in problems] == [
        'no link named "tokio"',
        "nobody sees that",
    ]


def test_the_schema_has_it(tmp_path: Path) -> None:
    written = yaml.safe_load(STORY)
    schema = scenario_schema({**STEPS, "blink": Blink})
    jsonschema.Draft202012Validator(schema).validate(written)
    assert schema["$defs"]["Blink"]["properties"]["down"]["description"] == "The duration of the cut."
    assert not jsonschema.Draft202012Validator(scenario_schema()).is_valid(written)
