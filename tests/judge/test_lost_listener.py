"""The silence of a client whose connection has gone proves nothing."""

from pathlib import Path

import pytest
from msgspec import structs

from lab.declare.expectations.messages import Delivered
from lab.history import Observation, Subscribed, Trouble, read
from lab.judge import Outcome, judge

CASE = Path(__file__).parent / "nothing-passed-and-failed" / "history.jsonl"


@pytest.mark.parametrize(("lost", "outcome"), [(False, Outcome.PASSED), (True, Outcome.UNKNOWN)])
def test_nothing_is_held_only_while_somebody_listens(lost: bool, outcome: Outcome) -> None:
    history = read(CASE)
    seen: list[Observation] = []
    for each in history.observations:
        seen.append(each)
        if lost and isinstance(each, Subscribed) and each.client == "tk":
            seen.append(Trouble(t=each.t, who="tk", what="the connection was lost"))
    expectation = Delivered.model_validate({"to": "tk", "promise": "nothing", "within": "1s"})
    report = judge([expectation], structs.replace(history, observations=tuple(seen)))
    assert [verdict.outcome for verdict in report.verdicts] == [outcome]
