"""Compares the judge's verdicts on the history of a world with the truth's words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from lab.judge import Streamed, judge
from tests.judge.truths import asking, drawing
from tests.judge.truths.asked_expectation import AskedExpectation
from tests.judge.truths.scene import World
from tests.judge.truths.telling import header, observations
from tests.judge.truths.truth import word_on
from tests.judge.truths.words import Word


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One expectation of one truth: the truth's word, and what the judge said and why."""

    seed: int
    expectation: str
    word: Word
    outcome: str
    reason: str

    @property
    def right(self) -> bool:
        return self.outcome in self.word

    def __str__(self) -> str:
        word = " or ".join(sorted(self.word))
        return f"seed {self.seed}: {self.expectation}\n  truth: {word}\n  judge: {self.outcome}: {self.reason}"


def compare(seed: int, number: int) -> Iterator[Compared]:
    """Yield, for each of up to `number` expectations of the truth of a seed, both words."""
    world = drawing.draw(seed)
    yield from compared(world, asking.draw(world, Random(seed + 1), number))


def compared(world: World, asked: list[AskedExpectation]) -> Iterator[Compared]:
    expectations = [asking.declared(each) for each in asked]
    report = judge(expectations, Streamed(header(world), observations(world)))
    for expectation, verdict in zip(asked, report.verdicts, strict=True):
        yield Compared(
            seed=world.seed,
            expectation=verdict.expectation,
            word=word_on(expectation, world),
            outcome=str(verdict.outcome),
            reason=verdict.reason,
        )  # fmt: skip
