"""Each verdict of a simulated run says the part of the models that it depends on; those of real brokers have none."""

from __future__ import annotations

from collections.abc import Sequence
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from lab.declare.expectations import expectations_of
from lab.declare.expectations.base import Expectation
from lab.judge import Judged, judge_whole
from lab.report import document, junit
from lab.report.html import Files, to_html
from lab.report.terminal import render
from tests.judge.cases import CASES, HERE
from tests.sealed import write

RULE, TIMER, WINDOW, CALIBRATED, CHANCE = "rule", "timer", "window arithmetic", "calibrated", "chance"


def judged(case: str, folder: Path, expectations: Sequence[Expectation] | None = None) -> Judged:
    """Judge a history as one of models, by its own expectations if none are given."""
    text = (HERE / case / "history.jsonl").read_text("utf-8")
    assert '"emulation"' in text.partition("\n")[0]
    return judge_whole(write(folder / "history.jsonl", text.replace('"emulation"', '"simulation"', 1)), expectations)


def expected(kind: str, **fields: Any) -> tuple[Expectation, ...]:
    return tuple(expectations_of({"expect": [{kind: fields}]}))


@pytest.mark.parametrize(
    ("case", "begins", "basis"),
    [
        ("all-passed", "delivered", RULE),  # 41 ms of 5 s
        ("all-passed", "bridge", RULE),
        ("all-passed", "latency", CALIBRATED),  # 38.4 ms, and at least 35 ms
        ("answered", "answered: {queue: late, within: 1s}", WINDOW),  # 2.8 s
        ("answered", "answered: {queue: good}", RULE),  # 1.1 s of 10 s
        ("broker-killed-and-back", "delivered: {to: warehouse, promise: exactly-once, within: 20s}", TIMER),
        ("broker-killed-and-back", "recovered: {to: warehouse, after: start, within: 5s}", TIMER),  # 2.0 s
        ("broker-killed-and-back", "recovered: {to: warehouse, after: start, within: 1s}", CALIBRATED),
        ("bridge-comes-and-goes", "bridge: {connector: connector_tokyo_to_singapore, up: both-ends}", TIMER),
        ("counters-passed", "discarded", WINDOW),
        ("counters-passed", "forwarded: {topic", RULE),
        ("counters-failed", "forwarded: {topic", TIMER),
        ("equal-bodies", "latency: {to: sg, p99: 1s}", WINDOW),
        ("finished", "finished: {step: second, times: 1.5, of: first}", WINDOW),  # 1.8 s and 1.0 s
        ("finished", "finished: {step: second, times: 2, of: first}", CALIBRATED),  # where 0.9 s for first decide
        ("network-failed", "reachable", RULE),
        ("selected-and-expired", "delivered", TIMER),
    ],
)
def test_the_class_is_of_the_least_sure_part(case: str, begins: str, basis: str, tmp_path: Path) -> None:
    verdicts = judged(case, tmp_path).report.verdicts
    found = [str(each.basis) for each in verdicts if each.expectation.startswith(begins)]
    assert found and found[0] == basis


CONNECTOR = "connector_tokyo_to_singapore"


@pytest.mark.parametrize(
    ("case", "up", "after", "within", "basis"),
    [
        ("broker-killed-and-back", "both-ends", "start", "60s", TIMER),  # after 1.7 s, and a broker was started
        ("broker-killed-and-back", "both-ends", "start", "3s", CALIBRATED),
        ("bridge-comes-and-goes", "both-ends", "heal", "60s", TIMER),  # after 1.044 s
        ("bridge-comes-and-goes", "both-ends", "heal", "1100ms", CALIBRATED),
        ("bridge-comes-and-goes", "both-ends", "heal", "1s", CALIBRATED),
        ("bridge-comes-and-goes", "both-ends", "heal", "500ms", TIMER),
        ("bridge-comes-and-goes", "nowhere", "cut", "90s", TIMER),  # after 67.9 s
        ("bridge-comes-and-goes", "nowhere", "cut", "70s", CALIBRATED),
        ("bridge-comes-and-goes", "both-ends", "cut", "67s", CALIBRATED),  # as before the cut, but not for long
        ("bridge-comes-and-goes", "both-ends", "cut", "76s", TIMER),  # it comes up again by another step
        ("bridge-flickers", "nowhere", "heal", "3s", TIMER),  # an attempt then proves nothing
    ],
)
def test_when_a_bridge_came_up_or_went_down_is_a_time(
    case: str, up: str, after: str, within: str, basis: str, tmp_path: Path
) -> None:
    expectations = expected("bridge", connector=CONNECTOR, up=up, after=after, within=within)
    assert [str(each.basis) for each in judged(case, tmp_path, expectations).report.verdicts] == [basis]


@pytest.mark.parametrize(
    ("present", "within", "basis"),
    [
        ("no", "5s", TIMER),  # after 0.6 s
        ("no", "610ms", CALIBRATED),
        ("no", "550ms", CALIBRATED),
        ("no", "400ms", TIMER),
        ("yes", "550ms", CALIBRATED),
    ],
)
def test_when_demand_came_or_went_is_a_time(present: str, within: str, basis: str, tmp_path: Path) -> None:
    expectations = expected("demand", queue="orders", broker="tokyo", present=present, after="publish", within=within)
    assert [str(each.basis) for each in judged("counters-passed", tmp_path, expectations).report.verdicts] == [basis]


@pytest.mark.parametrize(
    ("matches", "within", "wanted", "basis"),
    [
        ("password-invalid", "550ms", {}, CALIBRATED),  # after 0.5 s, and again after 1 s
        ("password-invalid", "450ms", {}, CALIBRATED),
        ("password-invalid", "1s", {}, TIMER),
        ("password-invalid", "1s", {"count": 2}, CALIBRATED),
        ("password-invalid", "550ms", {"count": 2}, TIMER),
        ("password-invalid", "1050ms", {"times": 1}, CALIBRATED),  # the second one is too many
        ("password-invalid", "450ms", {"absent": "yes"}, CALIBRATED),
        ("password-invalid", "200ms", {"absent": "yes"}, TIMER),
        ("duplicate", "3s", {"count": 1100}, CALIBRATED),  # 1,000 after 1.5 s, told together, and 200 after 3 s
        ("duplicate", "1500ms", {"count": 1100}, TIMER),
        ("duplicate", "3s", {"count": 2}, CALIBRATED),  # of those told together one may be of the time alone
        ("inactive", "1s", {}, TIMER),
    ],
)
def test_when_the_line_that_decides_came_is_a_time(
    matches: str, within: str, wanted: dict[str, Any], basis: str, tmp_path: Path
) -> None:
    expectations = expected("log", broker="tokyo", matches=matches, after="cut", within=within, **wanted)
    assert [str(each.basis) for each in judged("log-how-often", tmp_path, expectations).report.verdicts] == [basis]


CUT = (
    '{"t":0.165,"kind":"link","link":"tokyo-singapore","leaving":"tokyo","reaching":"singapore","state":"cut",'
    '"impairment":""}'
)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"body":"generated"', '"body":"generated","expiry_s":60.0'),
        ('{"t":0.2,"kind":"publishing"', CUT + '\n{"t":0.2,"kind":"publishing"'),
    ],
)
def test_no_timer_hides_what_was_too_much_for_a_window(old: str, new: str, tmp_path: Path) -> None:
    text = (HERE / "burst-discarded" / "history.jsonl").read_text("utf-8")
    assert text.count(old) == 1
    text = text.replace('"emulation"', '"simulation"', 1).replace(old, new)
    path = write(tmp_path / "history.jsonl", text)
    expectations = expected("delivered", to="tk", promise="at-least-once", within="5s")
    expectations += expected("bridge", connector=CONNECTOR, up="both-ends")  # which no message has a part in
    found = judge_whole(path, expectations).report.verdicts
    assert [str(each.basis) for each in found] == [WINDOW, TIMER]


def test_a_burst_rests_on_what_each_message_costs(tmp_path: Path) -> None:
    """2,000 messages within a second: 0.6 s of the host's own, so a bound half a second away decides nothing."""
    text = (HERE / "burst-discarded" / "history.jsonl").read_text("utf-8")
    its = judged("burst-discarded", tmp_path)
    assert [str(each.basis) for each in its.report.verdicts] == [WINDOW]  # some were too many for it
    slowest = its.report.deliveries[0].latency
    assert slowest is not None
    bound = round(slowest.max + 500)
    text = text.replace('"emulation"', '"simulation"', 1).replace('"within":"5s"', f'"within":"{bound}ms"', 1)
    path = write(tmp_path / "history.jsonl", text)
    assert [str(each.basis) for each in judge_whole(path).report.verdicts] == [CALIBRATED]


@pytest.mark.sampled(16)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_verdict_has_one_and_says_so_wherever_it_is_shown(case: Path, tmp_path: Path) -> None:
    its = judged(case.name, tmp_path)
    bases = [str(each.basis) for each in its.report.verdicts]
    assert set(bases) <= {RULE, TIMER, WINDOW, CALIBRATED, CHANCE}
    assert [each["basis"] for each in document.document(its.report)["verdicts"]] == bases
    console = Console(file=StringIO(), width=300, color_system=None)
    render(its.report, console)
    assert isinstance(console.file, StringIO)
    shown = [line.strip() for line in console.file.getvalue().splitlines()]
    assert [line for line in shown if line.startswith("basis: ")] == [f"basis: {each}" for each in bases]
    assert to_html(its, Files()).count("<small>basis: ") == len(bases)
    assert junit.to_xml(its.report, 1.0).count('<property name="basis ') == len(bases)


def test_a_verdict_on_real_brokers_has_none() -> None:
    its = judge_whole(HERE / "all-passed" / "history.jsonl")
    assert {each.basis for each in its.report.verdicts} == {None}
    assert all("basis" not in each for each in document.document(its.report)["verdicts"])
    assert "basis: " not in to_html(its, Files())
    assert '"basis ' not in junit.to_xml(its.report, 1.0)
