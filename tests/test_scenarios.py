"""Each shipped scenario has its report beside it, and a test that breaks it, which its page names."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bench.scenarios import Ran, ended, summary
from lab.declare.loading import load
from lab.shipped import shipped

ROOT = Path(__file__).parents[1]
SCENARIOS = sorted(shipped("scenarios").glob("*.yaml"))
VERDICT = re.compile(r"^([✔✘?]) ", re.MULTILINE)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda path: path.stem)
def test_the_report_beside_it_is_of_this_scenario_and_held(scenario: Path) -> None:
    loaded = load(scenario, environment={})
    told = scenario.with_suffix(".report.txt").read_text("utf-8")
    assert told.splitlines()[0] == f"{loaded.scenario}: held"
    marks = VERDICT.findall(told)
    claims = [" ".join(each.split()) for each in VERDICT.split(told)[2::2]]
    assert marks == ["✔"] * len(loaded.expect)
    for expectation, claim in zip(loaded.expect, claims, strict=True):
        assert claim.startswith(" ".join(expectation.words().split()))


def test_no_report_is_left_of_a_scenario_that_has_gone() -> None:
    reports = {path.name.removesuffix(".report.txt") for path in shipped("scenarios").glob("*.report.txt")}
    assert reports == {path.stem for path in SCENARIOS}


def test_the_page_names_a_test_for_each_that_breaks_it() -> None:
    rows = re.findall(
        r"^\| \[([a-z-]+)\]\(.*?\| (.*?) \| `(\w+\.py)::(\w+)` \|$", (ROOT / "docs/scenarios.md").read_text(), re.M
    )
    assert [name for name, *_ in rows] == [path.stem for path in SCENARIOS]
    for name, taken_away, file, test in rows:
        text = (ROOT / "tests" / "integration" / file).read_text()
        assert f"def {test}(" in text, f"{name}: no {test} in {file}"
        assert taken_away
        # Its name is in the test, or in what the test asks for it, beside it in the same file.
        assert f'"{name}"' in text or name == "the-article", f"{name}: {file} does not speak of it"


def verdict(outcome: str) -> str:
    return f'{{"expectation": "delivered: all", "outcome": "{outcome}", "reason": "so it was\\nand more"}}'


def document(outcome: str, *verdicts: str) -> str:
    return f'{{"outcome": "{outcome}", "run": "r", "verdicts": [{", ".join(map(verdict, verdicts))}]}}'


@pytest.mark.parametrize(
    ("code", "out", "outcome", "why"),
    [
        (0, document("held", "held"), "held", ()),
        (1, document("broken", "held", "broken"), "broken", ("broken: delivered: all", "broken: so it was")),
        (1, document("unknown", "unknown"), "unknown", ("unknown: delivered: all",)),
        (1, document("held", "held"), "held, exit code 1", ()),
        (0, document("broken", "broken"), "broken, exit code 0", ("broken: delivered: all",)),
        (2, "", "bad input", ("x.yaml:1:1: what",)),
        (3, "", "not built", ("x.yaml:1:1: what",)),
        (4, "no JSON", "timed out", ("x.yaml:1:1: what",)),
        (-9, "", "exit code -9", ("x.yaml:1:1: what",)),
    ],
)
def test_a_run_is_held_only_where_its_exit_code_and_its_report_say_so(
    code: int, out: str, outcome: str, why: tuple[str, ...]
) -> None:
    ran = ended("s", 1, code, out, "x.yaml:1:1: what\n", 2.0)
    assert (ran.outcome, ran.why[: len(why)], ran.held) == (outcome, why, outcome == "held")
    assert bool(ran.why) == (outcome not in ("held", "held, exit code 1"))


def test_the_summary_says_how_many_did_not_hold() -> None:
    held, broken = (Ran(scenario="s", seed=1, outcome=each, seconds=1) for each in ("held", "broken"))
    assert summary([held, held]) == "2 of 2 runs held"
    assert summary([held, broken]) == "1 of 2 runs held, 1 did not"
