"""An expectation about a log counts lines of loggers: no stack trace, and no line that a client's name feigns."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from lab.activemq.log_lines import LONGEST_LINE
from lab.declare.expectations.logs import Log
from lab.history import Achieved, LogLine, Marked, Observation, Watched, lines
from lab.judge import Outcome, judge_file
from tests.sealed import write

from .test_not_better_than_known import sent, verdict
from .test_truth import HEADER

HISTORY = Path(__file__).parent / "broker-killed-for-good" / "history.jsonl"
STARTED = "BrokerService | Apache ActiveMQ 5.18.3 (singapore, ID:singapore-1) started"
SAYS = "TransportConnection | Failed to add Connection id=a, clientId=Apache ActiveMQ 5.18.3 (singapore, ID:x) started"


@pytest.mark.parametrize(
    ("text", "trace", "outcome"),
    [(STARTED, False, Outcome.PASSED), (STARTED, True, Outcome.FAILED), (SAYS, False, Outcome.FAILED)],
)
def test_a_expectation_is_about_what_its_logger_said(tmp_path: Path, text: str, trace: bool, outcome: Outcome) -> None:
    line = {"t": 0.8, "kind": "log", "broker": "singapore", "level": "WARN", "text": text, "name": "x", "trace": trace}
    *others, last = HISTORY.read_text().splitlines()
    path = write(tmp_path / "history.jsonl", "\n".join([*others[:-1], json.dumps(line), *others[-1:], last, ""]))
    report = judge_file(path, (Log(broker="singapore", matches="broker-started"),))
    assert [each.outcome for each in report.verdicts] == [outcome], report.verdicts


def bundled(t: float, times: int) -> LogLine:
    return LogLine(t=t, broker="tokyo", level="WARN", text="again", times=times)


LINES = [bundled(3, 1), Marked(t=5, text="begin"), bundled(6, 4), Marked(t=10, text="end"), bundled(11, 3)]


@pytest.mark.parametrize(
    ("since", "until", "expected", "outcome"),
    [
        ("begin", None, {"times": "7"}, Outcome.UNKNOWN),  # some of the four may be of before
        ("begin", None, {"times": "2"}, Outcome.UNKNOWN),
        ("begin", None, {"times": {"at-least": "2"}}, Outcome.PASSED),
        ("begin", None, {"times": {"at-least": "3"}}, Outcome.UNKNOWN),
        ("begin", None, {"times": {"at-most": "7"}}, Outcome.PASSED),
        ("begin", None, {"times": {"at-most": "1"}}, Outcome.FAILED),
        (None, "end", {"times": {"at-most": "5"}}, Outcome.UNKNOWN),  # two of the three may be of before the end
        (None, "end", {"times": {"at-most": "7"}}, Outcome.PASSED),
        (None, "end", {"times": {"at-least": "8"}}, Outcome.FAILED),
        (None, "begin", {"times": "1"}, Outcome.UNKNOWN),
        ("end", None, {"absent": True}, Outcome.FAILED),
        (None, None, {"times": "8"}, Outcome.PASSED),
    ],
)
def test_lines_told_together_may_be_of_either_side_of_a_mark(
    tmp_path: Path, since: str | None, until: str | None, expected: dict[str, Any], outcome: Outcome
) -> None:
    seen: list[Observation] = [*LINES, *(Watched(t=float(t)) for t in range(5, 21, 5))]
    text = "".join(lines(replace(HEADER, standing=True), sorted(seen, key=lambda each: each.t)))
    path = write(tmp_path / "history.jsonl", text, standing=True)
    expectation = Log.model_validate({"broker": "tokyo", "matches": "again", **expected})
    (its,) = judge_file(path, (expectation,), since=since, until=until).verdicts
    assert its.outcome is outcome, its.reason


@pytest.mark.parametrize(
    ("expected", "length", "outcome"),
    [
        ({"absent": True}, LONGEST_LINE, Outcome.UNKNOWN),
        ({"absent": True}, LONGEST_LINE - 1, Outcome.PASSED),
        ({"count": 1}, LONGEST_LINE, Outcome.UNKNOWN),
        ({"count": 1}, LONGEST_LINE - 1, Outcome.FAILED),
        ({"count": 2}, LONGEST_LINE, Outcome.FAILED),
        ({"times": {"at-most": "1"}}, LONGEST_LINE, Outcome.PASSED),
        ({"times": "1"}, LONGEST_LINE, Outcome.UNKNOWN),
        ({"times": {"at-least": "1", "at-most": "2"}}, LONGEST_LINE, Outcome.UNKNOWN),
        ({"times": {"at-least": "2", "at-most": "3"}}, LONGEST_LINE, Outcome.FAILED),
        ({"absent": True, "after": "publish", "within": "1s"}, LONGEST_LINE, Outcome.PASSED),
    ],
)
def test_a_line_that_was_cut_may_fit_further_on(expected: dict[str, Any], length: int, outcome: Outcome) -> None:
    expectation = Log.model_validate({"broker": "tokyo", "matches": "it happened", **expected})
    text = LogLine(t=20, broker="tokyo", level="WARN", text="Queue | ".ljust(length, "x"))
    its = verdict(expectation, *sent(2), text)
    assert its.outcome is outcome, its.reason
    assert ("was cut after 500 characters" in its.reason) is (outcome is Outcome.UNKNOWN)


@pytest.mark.parametrize(
    ("matches", "outcome"),
    [("store-recovered", Outcome.PASSED), ("dead-letter", Outcome.UNKNOWN), ("x", Outcome.UNKNOWN)],
)
def test_a_message_that_was_not_sent_is_missed_by_lines_that_messages_bring_about(
    matches: str, outcome: Outcome
) -> None:
    less = Achieved(t=3, step=2, did="sent", done=1, broker="tokyo", destination="topic://x", asked=5)
    expectation = Log.model_validate({"broker": "tokyo", "matches": matches, "absent": True})
    its = verdict(expectation, *sent(2), less)
    assert its.outcome is outcome, its.reason
