"""An expectation of somebody's own goes the whole way, from a file to a report, and nothing in `lab` has heard of it.

Its class stands here, and its check and its judge are registered for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pytest
from jsonschema import Draft202012Validator

from lab.check.context import Context
from lab.check.expectations import checks
from lab.check.scenario import check
from lab.declare.expectations import EXPECTATIONS
from lab.declare.expectations.base import After, Expectation, Term
from lab.declare.fields import Duration, Whole
from lab.declare.loading import load
from lab.declare.references import BrokerName
from lab.declare.schema import scenario_schema
from lab.declare.steps.messages import Message
from lab.errors import InputError, LabError, Problem
from lab.history import Header, HistoryFile
from lab.judge import Judged, judge_whole
from lab.judge.evidence.evidence import Evidence
from lab.judge.expectations.base import judges
from lab.judge.findings import Finding, at_the_end
from lab.plan.planning import plan
from lab.replay import replay
from tests.judge.cases import shown
from tests.spoilt_lab import SpoiltLab, opened

TOPOLOGY = Path(__file__).parents[1] / "scenarios" / "topologies" / "tokyo-singapore.yaml"


class Handed(Expectation):
    """So many messages were handed to a broker."""

    kind: ClassVar[str] = "handed"
    broker: BrokerName
    count: Whole
    after: After
    within: Duration

    @property
    def term(self) -> Term | None:
        return Term(self.after, self.within)


class Unjudged(Expectation):
    """The same, and no judge is registered for it."""

    kind: ClassVar[str] = "handed"
    broker: BrokerName
    count: Whole
    after: After
    within: Duration


KINDS = {**EXPECTATIONS, "handed": Handed}


@checks.register(Handed)
def somebody_sends(context: Context, expectation: Handed) -> Iterator[Problem]:
    if not any(isinstance(step, Message) and step.broker == expectation.broker for step in context.scenario.steps):
        yield context.wrong("broker", f"nothing is sent to {expectation.broker}", "add a publish step")


@judges.register(Handed)
def judged_by_sends(expectation: Handed, evidence: Evidence) -> Finding:
    sent = sum(each.last for each in evidence.ledger.publications.values() if each.broker == expectation.broker)
    return at_the_end(sent == expectation.count, f"{expectation.broker} was handed {sent}", evidence)


def written(folder: Path, expectation: str) -> Path:
    path = folder / "scenario.yaml"
    steps = "  - publish: {broker: tokyo, over: stomp, queue: orders, count: 3}\n  - impair: {link: tokyo-singapore}\n"
    path.write_text(f"scenario: own\ntopology: {TOPOLOGY}\nsteps:\n{steps}expect:\n  - handed: {expectation}\n")
    return path


def ran(folder: Path, expectation: str) -> Judged:
    scenario = load(written(folder, expectation), environment={}, expectations=KINDS)
    assert check(scenario) == ()
    planned = plan(scenario.topology, seed=scenario.seed)
    header = Header(
        run="run-1", scenario="own", seed=1, runtime="fake", started="", declared=scenario.declared(), mqlab="0"
    )
    with HistoryFile(folder / "history.jsonl", header) as history:
        replay(scenario, planned, opened(planned, scenario.topology, SpoiltLab), history, run="run-1")
    return judge_whole(folder / "history.jsonl", kinds=KINDS)


def test_it_is_judged_and_reported(tmp_path: Path) -> None:
    judged = ran(tmp_path, "{broker: tokyo, count: 3, after: impair, within: 20s}")
    (verdict,) = judged.report.verdicts
    assert (verdict.outcome, verdict.reason) == ("passed", "tokyo was handed 3")
    assert "handed: {broker: tokyo, count: 3, after: impair, within: 20s}" in shown(judged.report)


def test_it_is_listened_for_as_long_as_it_says(tmp_path: Path) -> None:
    judged = ran(tmp_path, "{broker: tokyo, count: 4, after: impair, within: 20s}")
    assert judged.report.outcome == "failed"
    impaired = judged.evidence.timeline.last_step("impair")
    assert impaired is not None
    assert judged.evidence.timeline.end >= impaired.done + 20


def test_what_is_wrong_with_it_is_told(tmp_path: Path) -> None:
    for expectation, what in (
        ("{broker: tokio, count: 3, after: impair, within: 1s}", 'no broker named "tokio"'),
        ("{broker: singapore, count: 3, after: impair, within: 1s}", "nothing is sent to singapore"),
    ):
        scenario = load(written(tmp_path, expectation), environment={}, expectations=KINDS)
        problems = check(scenario)
        assert problems[0].what == what
        assert problems[0].place is not None and problems[0].place.line == 7


def test_a_kind_without_a_judge_is_an_error_that_names_its_class(tmp_path: Path) -> None:
    ran(tmp_path, "{broker: tokyo, count: 3, after: impair, within: 20s}")
    with pytest.raises(LabError) as raised:
        judge_whole(tmp_path / "history.jsonl", kinds={**EXPECTATIONS, "handed": Unjudged})
    assert not isinstance(raised.value, InputError)  # the history is in order
    assert str(raised.value) == (
        "nothing judges the expectation handed\n"
        "  register a function for Unjudged with judges, in lab/judge/expectations"
    )


def test_an_editor_knows_it() -> None:
    schema = scenario_schema(kinds=KINDS)
    Draft202012Validator.check_schema(schema)
    assert set(schema["$defs"]["Handed"]["required"]) == {"broker", "count", "after", "within"}
