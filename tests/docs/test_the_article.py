"""The page about the article says what its scenario does, and what the tests that leave a step out expect."""

from __future__ import annotations

from lab.base.shipped import shipped
from lab.declare.expectations import EXPECTATIONS
from lab.declare.loading import load
from lab.declare.steps import STEPS
from lab.declare.unrolling import every_step
from tests.replay.leaving_out import LEFT_OUT, NAME

from .pages import ROOT, code_words, rows, sections

PAGE = ROOT / "docs" / "the-article.md"
TABLE = rows(sections(PAGE)["What was done, and what happens without it"])
SCENARIO = load(shipped("scenarios") / f"{NAME}.yaml", environment={})


def test_every_step_and_every_expectation_is_in_the_table_and_no_other() -> None:
    named = {word for cells in TABLE for word in code_words(cells[1])} & set(STEPS)
    assert named == {step.verb for step in every_step(SCENARIO.steps)}
    expectations = {word for cells in TABLE for word in code_words(cells[2])} & set(EXPECTATIONS)
    assert expectations == {expectation.kind for expectation in SCENARIO.expect}


def test_each_step_left_out_has_its_row_with_the_reason() -> None:
    told = [code_words(cells[3])[0] for cells in TABLE if code_words(cells[3])]
    assert told == [left_out.fails[0][1] for left_out in LEFT_OUT]
