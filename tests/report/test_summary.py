"""Several runs in one Markdown summary and one JUnit file."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree.ElementTree import fromstring

from lab import labs
from lab.report.summary import RunOf, junit, markdown

BEGAN = "2026-11-27T12:04:05.678+09:00"


def report(**of: Any) -> dict[str, Any]:
    verdicts = [{"expectation": "delivered: {to: sg}", "outcome": "failed", "reason": "8 of 10 reached sg"}]
    its = {"run": "r", "runtime": "emulation", "outcome": "failed", "verdicts": verdicts}
    return {**its, "deliveries": [delivery(8, 10, waiting={"tokyo_1": 2})], **of}


def delivery(received: int, expected: int, **became: Any) -> dict[str, Any]:
    return {"received": received, "expected": expected, "not_delivered": became}


def test_a_summary_counts_lists_and_says_what_did_not_hold() -> None:
    held = report(outcome="passed", runtime="simulation", verdicts=[], deliveries=[delivery(5, 5)] * 2)
    held["notes"] = ["A step was not done as asked: step 3 (kill broker tokyo)."]
    text = markdown(
        [
            RunOf(scenario="one", name="one", code=0, seconds=1.25, began=BEGAN, report=held),
            RunOf(scenario="a/two.yaml", name="two", code=1, seconds=12.3, began=BEGAN, report=report()),
            RunOf(
                scenario="three",
                name="three",
                code=2,
                seconds=0.1,
                began=BEGAN,
                error="mqlab: no scenario\n  did you mean <b>?",
            ),
        ]
    )
    assert text == (
        "### mqlab: 1 passed, 1 failed, 1 error\n\n"
        "| | scenario | verdict | messages | seconds |\n"
        "| --- | --- | --- | --- | --- |\n"
        "| ✅ | [one](one.html) | passed (simulated) | 10 of 10 | 1.2 |\n"
        "| ❌ | [a/two.yaml](two.html) | failed | 8 of 10, 2 wait on tokyo\\_1 | 12.3 |\n"
        "| ❗ | three | error |  | 0.1 |\n"
        "\n**one**\n\n- note: A step was not done as asked: step 3 \\(kill broker tokyo\\).\n"
        "\n**a/two.yaml**\n\n- delivered: \\{to: sg\\}: 8 of 10 reached sg\n"
        "\n**three**\n\n- mqlab: no scenario did you mean \\<b\\>?\n"
    )


def test_what_had_not_ended_is_no_verdict_and_no_silence() -> None:
    why = "the command was ended before"
    rest = RunOf(scenario="two", name="two", code=3, seconds=0, began=BEGAN, error=why, ended=False)
    lines = markdown([rest]).splitlines()
    assert (lines[0], lines[4]) == ("### mqlab: 1 not ended", "| ❗ | two | not ended |  | 0.0 |")
    (suite,) = fromstring(junit([rest]).encode())
    error = suite.find("testcase/error")
    assert error is not None and (suite.get("errors"), error.get("type")) == ("1", "not ended")


def test_one_file_has_a_suite_for_each_run(tmp_path: Path) -> None:
    ran = labs.run("one-way", runtime="simulation", runs=tmp_path, environment={})
    text = ran.folder.junit.read_text("utf-8")
    failed = RunOf(scenario="x\x00", name="x", code=3, seconds=0.5, began=BEGAN, error="no engine")
    root = fromstring(
        junit([RunOf(scenario="one-way", name="one-way", code=0, seconds=1, began=BEGAN, junit=text), failed]).encode()
    )
    assert [suite.get("id") for suite in root] == ["0", "1"]
    assert [suite.get("errors") for suite in root] == ["0", "1"]
    times = [[part.get("time") for part in (suite, *suite.iter("testcase"))] for suite in root]
    assert times == [
        ["1.000", "1.000", "0.000", "0.000", "0.000"],
        ["0.500", "0.500"],
    ]  # of the machine, not of the models
    assert root[1].get("timestamp") == "2026-11-27T03:04:05"  # in UTC
    error = root[1].find("testcase/error")
    assert error is not None and error.get("message") == "no engine"
