"""Each verdict of a simulated run says which part of the models it rests on; those of real brokers say nothing."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from lab.judge import Judged, judge_whole
from lab.report import document, junit
from lab.report.html import Files, to_html
from lab.report.terminal import render
from tests.judge.cases import CASES, HERE

RULE, TIMER, WINDOW, CALIBRATED = "rule", "timer", "window arithmetic", "calibrated"


def judged(case: str, folder: Path) -> Judged:
    """Judge a history as one of models."""
    text = (HERE / case / "history.jsonl").read_text("utf-8")
    assert '"emulation"' in text.partition("\n")[0]
    (folder / "history.jsonl").write_text(text.replace('"emulation"', '"simulation"', 1), "utf-8")
    return judge_whole(folder / "history.jsonl")


@pytest.mark.parametrize(
    ("case", "begins", "basis"),
    [
        ("all-held", "delivered", RULE),  # 41 ms of 5 s
        ("all-held", "bridge", RULE),
        ("all-held", "latency", CALIBRATED),  # 38.4 ms, and at least 35 ms
        ("answered", "answered: {queue: late, within: 1s}", WINDOW),  # 2.8 s
        ("answered", "answered: {queue: good}", RULE),  # 1.1 s of 10 s
        ("broker-killed-and-back", "delivered: {to: warehouse, promise: exactly-once, within: 20s}", TIMER),
        ("broker-killed-and-back", "recovered: {to: warehouse, after: start, within: 5s}", TIMER),  # 2.0 s
        ("broker-killed-and-back", "recovered: {to: warehouse, after: start, within: 1s}", CALIBRATED),
        ("bridge-comes-and-goes", "bridge: {connector: connector_tokyo_to_singapore, up: both-ends}", TIMER),
        ("counters-held", "discarded", WINDOW),
        ("counters-held", "forwarded: {topic", RULE),
        ("counters-broken", "forwarded: {topic", TIMER),
        ("equal-bodies", "latency: {to: sg, p99: 1s}", WINDOW),
        ("network-broken", "reachable", RULE),
        ("selected-and-expired", "delivered", TIMER),
    ],
)
def test_the_class_is_of_the_least_sure_part(case: str, begins: str, basis: str, tmp_path: Path) -> None:
    verdicts = judged(case, tmp_path).report.verdicts
    found = [str(each.basis) for each in verdicts if each.expectation.startswith(begins)]
    assert found and found[0] == basis


def test_a_burst_rests_on_what_each_message_costs(tmp_path: Path) -> None:
    """2,000 messages within a second: 0.6 s of the host's own, so a bound half a second away decides nothing."""
    text = (HERE / "burst-discarded" / "history.jsonl").read_text("utf-8")
    its = judged("burst-discarded", tmp_path)
    assert [str(each.basis) for each in its.report.verdicts] == [WINDOW]  # some were too many for it
    slowest = its.report.deliveries[0].latency
    assert slowest is not None
    bound = round(slowest.max + 500)
    (tmp_path / "history.jsonl").write_text(
        text.replace('"emulation"', '"simulation"', 1).replace('"within":"5s"', f'"within":"{bound}ms"', 1), "utf-8"
    )
    assert [str(each.basis) for each in judge_whole(tmp_path / "history.jsonl").report.verdicts] == [CALIBRATED]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_verdict_has_one_and_says_so_wherever_it_is_shown(case: Path, tmp_path: Path) -> None:
    its = judged(case.name, tmp_path)
    classes = [str(each.basis) for each in its.report.verdicts]
    assert set(classes) <= {RULE, TIMER, WINDOW, CALIBRATED}
    assert [each["class"] for each in document.document(its.report)["verdicts"]] == classes
    console = Console(file=StringIO(), width=300, color_system=None)
    render(its.report, console)
    assert isinstance(console.file, StringIO)
    shown = [line.strip() for line in console.file.getvalue().splitlines()]
    assert [line for line in shown if line.startswith("class: ")] == [f"class: {each}" for each in classes]
    assert to_html(its, Files()).count("<small>class: ") == len(classes)
    assert junit.to_xml(its.report, 1.0).count('<property name="class ') == len(classes)


def test_a_verdict_on_real_brokers_has_none() -> None:
    its = judge_whole(HERE / "all-held" / "history.jsonl")
    assert {each.basis for each in its.report.verdicts} == {None}
    assert all("class" not in each for each in document.document(its.report)["verdicts"])
    assert "class: " not in to_html(its, Files())
    assert '"class ' not in junit.to_xml(its.report, 1.0)
