"""Steps with names, in a repeat one for each round: expectations count from each, and use each snapshot."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.check.scenario import check
from lab.declare.unrolling import rounds_around
from lab.errors import InputError
from lab.history import Attempted, SnapshotTaken, StepStarted
from lab.judge import Outcome
from tests.replay.test_preconditions import judged
from tests.replay.test_trouble import Played

ROUNDS = """  - subscribe: {client: sg, broker: singapore, over: stomp, queue: q}
  - {snapshot: before, as: noted}
  - repeat:
      times: 3
      steps:
        - as: cut-{n}
          cut: {link: tokyo-singapore}
        - wait: 1s
        - heal: {link: tokyo-singapore}
          as: heal-{n}
        - publish: {broker: tokyo, over: stomp, queue: q, count: 4}
        - wait: 1s
        - snapshot: healed-{n}
        - try: {name: "again-{n}", from: tokyo, to: singapore}
"""
EXPECTED = """expect:
  - recovered: {to: sg, after: heal-1, within: 500ms}
  - recovered: {to: sg, after: heal-3, within: 500ms}
  - recovered: {to: sg, after: cut-2, within: 500ms}
  - recovered: {to: sg, after: noted, within: 10ms}
  - counters:  {broker: tokyo, queue: q, between: [before, healed-1], enqueued: 4}
  - counters:  {broker: tokyo, queue: q, between: [healed-1, healed-3], enqueued: 8}
  - counters:  {broker: tokyo, queue: q, between: [before, healed-2], enqueued: 8}
  - reachable: {from: tokyo, to: singapore, at: again-2}
"""


def test_each_round_can_be_expected(tmp_path: Path) -> None:
    played = Played(tmp_path, ROUNDS + EXPECTED)
    assert not check(played.scenario)
    played.play()
    names = [each.name for each in played.seen(StepStarted) if each.name]
    assert names == ["noted", "cut-1", "heal-1", "cut-2", "heal-2", "cut-3", "heal-3"]
    taken = list(dict.fromkeys(each.snapshot for each in played.seen(SnapshotTaken)))
    assert taken == ["before", "healed-1", "healed-2", "healed-3"]
    assert [each.name for each in played.seen(Attempted)] == ["again-1", "again-2", "again-3"]
    report = judged(played)
    assert [each.outcome for each in report.verdicts] == [
        Outcome.PASSED, Outcome.PASSED, Outcome.FAILED, Outcome.FAILED, *[Outcome.PASSED] * 4
    ], report.verdicts  # fmt: skip
    first, last, *_ = report.verdicts
    assert "after heal-1 at" in first.reason and "after heal-3 at" in last.reason


def test_a_step_in_nested_repeats_is_counted_by_both(tmp_path: Path) -> None:
    steps = """  - repeat:
      times: 2
      steps:
        - repeat:
            times: 2
            steps:
              - {as: "cut-{n}", cut: {link: tokyo-singapore}}
              - heal: {link: tokyo-singapore}
"""
    played = Played(tmp_path, steps)
    assert not check(played.scenario)
    assert rounds_around(played.scenario.steps, ("steps", 0, "repeat", "steps", 0, "repeat", "steps", 1, "heal")) == 4
    played.play()
    names = [each.name for each in played.seen(StepStarted) if each.name]
    assert names == ["cut-1.1", "cut-1.2", "cut-2.1", "cut-2.2"]


def test_a_step_that_is_late_or_fell_short_is_called_by_its_name(tmp_path: Path) -> None:
    steps = "  - as: orders\n    publish: {broker: tokyo, over: stomp, queue: q, user: stranger}\n"
    played = Played(tmp_path, steps)
    played.play()
    assert any("step 1 orders (publish 1 to queue://q" in note for note in judged(played).notes)
    (row,) = [each.row() for each in played.seen(StepStarted)]
    assert row.text.startswith("orders: publish 1 to queue://q")


@pytest.mark.parametrize("written", ["as: first-cut", 'as: "cut 1"', "as: -x", "as: [a]"])
def test_a_name_is_a_name(tmp_path: Path, written: str) -> None:
    steps = f"  - {written}\n    cut: {{link: tokyo-singapore}}\n"
    if written == "as: first-cut":
        (step,) = Played(tmp_path, steps).scenario.steps
        assert step.entry() == {"as": "first-cut", "cut": {"link": "tokyo-singapore"}}
    else:
        with pytest.raises(InputError, match=r"is not a name|a text is needed"):
            Played(tmp_path, steps)
