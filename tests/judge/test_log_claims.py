"""A claim about a log is about what loggers said: a stack trace is none of it, nor what a client's name feigns."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lab.declare.expectations.log import Log
from lab.judge import Outcome, judge_file

HISTORY = Path(__file__).parent / "broker-killed-for-good" / "history.jsonl"
STARTED = "BrokerService | Apache ActiveMQ 5.18.3 (singapore, ID:singapore-1) started"
SAYS = "TransportConnection | Failed to add Connection id=a, clientId=Apache ActiveMQ 5.18.3 (singapore, ID:x) started"


@pytest.mark.parametrize(
    ("text", "trace", "outcome"),
    [(STARTED, False, Outcome.HELD), (STARTED, True, Outcome.BROKEN), (SAYS, False, Outcome.BROKEN)],
)
def test_a_claim_is_about_what_its_logger_said(tmp_path: Path, text: str, trace: bool, outcome: Outcome) -> None:
    line = {"t": 0.8, "kind": "log", "broker": "singapore", "level": "WARN", "text": text, "name": "x", "trace": trace}
    *others, last = HISTORY.read_text().splitlines()
    (tmp_path / "history.jsonl").write_text("\n".join([*others[:-1], json.dumps(line), *others[-1:], last, ""]))
    report = judge_file(tmp_path / "history.jsonl", (Log(broker="singapore", matches="broker-started"),))
    assert [each.outcome for each in report.verdicts] == [outcome], report.verdicts
