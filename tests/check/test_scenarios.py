"""Each shipped scenario has its report beside it, and a failing variant, which the page about them names."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bench import scenarios as bench_scenarios
from bench.scenarios import Ran, ended, of_engine, summary
from lab.base.shipped import shipped
from lab.check.scenarios import load_named
from lab.declare.loading import load
from tests.failing_variants import FAILING_VARIANTS
from tests.failing_variants import SCENARIOS as NAMES

ROOT = Path(__file__).parents[2]
SCENARIOS = [shipped("scenarios") / f"{name}.yaml" for name in NAMES]
VERDICT = re.compile(r"^([✔✘?]) ", re.MULTILINE)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda path: path.stem)
def test_the_report_beside_it_is_of_this_scenario_and_held(scenario: Path) -> None:
    loaded = load(scenario, environment={})
    told = scenario.with_suffix(".report.txt").read_text("utf-8")
    assert told.splitlines()[0] == f"{loaded.scenario}: passed"
    marks = VERDICT.findall(told)
    shown = [" ".join(each.split()) for each in VERDICT.split(told)[2::2]]
    assert marks == ["✔"] * len(loaded.expect)
    for expectation, line in zip(loaded.expect, shown, strict=True):
        assert line.startswith(" ".join(expectation.words().split()))


def test_no_report_is_left_of_a_scenario_that_has_gone() -> None:
    reports = {path.name.removesuffix(".report.txt") for path in shipped("scenarios").glob("*.report.txt")}
    assert reports == {path.stem for path in SCENARIOS}


@pytest.mark.release
def test_the_bench_knows_the_reasons_of_each_failing_variant() -> None:
    reasons = bench_scenarios.shipped()
    assert sorted(name for name, lines in reasons.items() if lines) == sorted(FAILING_VARIANTS)


def test_each_has_a_failing_variant_that_is_to_be_broken_and_no_other_file_is_one() -> None:
    assert [f"{name}-fails" for name in NAMES] == FAILING_VARIANTS
    for name in NAMES:
        assert f"variant-of: {name}.yaml\n" in (shipped("scenarios") / f"{name}-fails.yaml").read_text()


@pytest.mark.parametrize("name", NAMES)
def test_a_failing_variant_changes_no_expectation_of_the_scenario_to_be_broken(name: str) -> None:
    """What it sets of an expectation is how long it is waited for, or what the other way round would be refused."""
    whole, its = load_named(name, {}), load_named(f"{name}-fails", {})
    expectations = [key for key in its.origin.set if key.startswith("expect.")]
    assert [each.kind for each in its.expect] == [each.kind for each in whole.expect]
    assert all(key.endswith(".within") or (name, key) == ("tokyo-singapore", "expect.2.up") for key in expectations)
    assert len(expectations) < len(its.origin.set)


def verdict(outcome: str) -> str:
    return f'{{"expectation": "delivered: all", "outcome": "{outcome}", "reason": "so it was\\nand more"}}'


def document(outcome: str, *verdicts: str) -> str:
    regions = '[{"brokers": [{"activemq_version": "5.19.1"}, {"activemq_version": "5.18.3"}]}]'
    all_ = ", ".join(map(verdict, verdicts))
    return f'{{"outcome": "{outcome}", "run": "r", "regions": {regions}, "verdicts": [{all_}]}}'


@pytest.mark.parametrize(
    ("code", "out", "outcome", "why"),
    [
        (0, document("passed", "passed"), "passed", ()),
        (1, document("failed", "passed", "failed"), "failed", ("failed: delivered: all", "failed: so it was")),
        (1, document("unknown", "unknown"), "unknown", ("unknown: delivered: all",)),
        (1, document("passed", "passed"), "passed, exit code 1", ()),
        (0, document("failed", "failed"), "failed, exit code 0", ("failed: delivered: all",)),
        (2, "", "bad input", ("x.yaml:1:1: what",)),
        (3, '{"error": "no room"}', "not built", ("x.yaml:1:1: what",)),
        (3, "", "not built", ("x.yaml:1:1: what",)),
        (4, "no JSON", "timed out", ("x.yaml:1:1: what",)),
        (4, "[]", "timed out", ("x.yaml:1:1: what",)),
        (1, "null", "exit code 1", ("x.yaml:1:1: what",)),
        (-9, "", "exit code -9", ("x.yaml:1:1: what",)),
    ],
)
def test_a_run_is_held_only_where_its_exit_code_and_its_report_say_so(
    code: int, out: str, outcome: str, why: tuple[str, ...]
) -> None:
    ran = ended("s", 1, code, out, "x.yaml:1:1: what\n", 2.0)
    assert (ran.outcome, ran.why[: len(why)], ran.passed) == (outcome, why, outcome == "passed")
    assert bool(ran.why) == (outcome not in ("passed", "passed, exit code 1"))


def test_a_run_that_is_kept_has_the_releases_that_ran() -> None:
    assert ended("s", 1, 0, document("passed", "passed"), "", 2.0).releases == ("5.18.3", "5.19.1")


@pytest.mark.parametrize("name", [*NAMES, *FAILING_VARIANTS])
def test_every_scenario_runs_at_an_engine_version_except_one_that_has_two(name: str) -> None:
    options = of_engine(name, "5.19")
    changed = load_named(name, {}, dict(pair.split("=") for pair in options[1::2]))
    versions = {its.engine_version for its in changed.topology.brokers.values()}
    assert versions == ({"5.18", "5.19"} if name.startswith("migration") else {"5.19"})


def test_the_summary_says_how_many_did_not_hold() -> None:
    held, broken = (Ran(scenario="s", seed=1, outcome=each, seconds=1) for each in ("passed", "failed"))
    assert summary([held, held]) == "2 of 2 runs ended as they should"
    assert summary([held, broken]) == "1 of 2 runs ended as they should, 1 did not"


@pytest.mark.parametrize(
    ("outcome", "why", "right"),
    [
        ("failed", ("failed: delivered: all", "failed: 10 of 10 lost on the way to tk"), True),
        ("failed", ("failed: delivered: all", "failed: 9 of 10 lost on the way to tk"), False),
        ("failed", ("failed: delivered: all", "unknown: 10 of 10 lost on the way to tk"), False),
        ("passed", (), False),
        ("failed, exit code 0", ("failed: 10 of 10 lost on the way to tk",), False),
    ],
)
def test_a_failing_variant_ends_as_it_should_only_where_a_broken_verdict_gives_its_reason(
    outcome: str, why: tuple[str, ...], right: bool
) -> None:
    ran = Ran(scenario="s-fails", seed=1, outcome=outcome, seconds=1, why=why, to_say=("10 of 10 lost",))
    assert ran.right is right
    assert ("as it should be" in str(ran)) is right
    assert ("no reason says: 10 of 10 lost" in str(ran)) == (outcome == "failed" and not right)
