"""A scenario's steps as they are done: each with a number of its own, and the place by which a person finds it.

Numbers count from 1 in the order of the file, inner steps after the step they are in and every round of a repeat anew,
so that a message's id, `<number>-<n>`, is of one step in one round. Without inner steps the two are the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from lab.declare.origin import Keys
from lab.declare.steps.base import Compound, Step

MOST = 10_000  # steps of one replay, all rounds counted


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbered:
    """A step to be done; a round of a repeat is there once for each time."""

    number: int
    written: str  # where a person finds it: "5", "5.1", "5.1 round 2"
    step: Step
    since: int  # the number of the outermost together it is in, or its own: what may go on when it begins
    inner: tuple[Numbered, ...] = ()  # of together all at once, of repeat one after the other

    @property
    def place(self) -> str:
        """Return the written place where the number does not say it already."""
        return "" if self.written == str(self.number) else self.written


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """All that is to be done."""

    steps: tuple[Numbered, ...]
    flat: tuple[Numbered, ...]  # those inside another one too, in the order of their numbers

    def beside_and_after(self, this: Numbered) -> tuple[Step, ...]:
        """Return the steps that may go on when this one is done, or come later."""
        running = [each.step for each in self.flat[: this.since - 1] if each.step.goes_on]
        return (*running, *(each.step for each in self.flat[this.since - 1 :] if each is not this))


def unroll(steps: Sequence[Step]) -> Program:
    """Return the steps as they are done."""
    numbered = _Counting().unroll(steps, "", (), None)
    return Program(steps=numbered, flat=tuple(_flat(numbered)))


def total(steps: Sequence[Step]) -> int:
    """Count the steps that unrolling would give, without doing it."""
    count = 0
    for step in steps:
        count += 1 + (total(step.steps) * step.rounds if isinstance(step, Compound) else 0)
    return count


def every_step(steps: Sequence[Step]) -> Iterator[Step]:
    """Return every step that is written, those inside another one after it."""
    for step in steps:
        yield step
        if isinstance(step, Compound):
            yield from every_step(step.steps)


def in_time(steps: Sequence[Step], path: Keys = ("steps",)) -> Iterator[tuple[Keys, Step]]:
    """Return every step with the path to what stands after its verb, as nearly as can be told in the order of doing.

    Of steps at once those with an earlier moment come first; a repeat is gone through twice, since its second round
    begins where the first one left everything.
    """
    for position, step in enumerate(steps):
        yield from within(step, (*path, position, step.verb))


def within(step: Step, here: Keys) -> Iterator[tuple[Keys, Step]]:
    """Return a step and every step in it, in the order of doing; `here` is the path to what stands after its verb."""
    yield here, step
    if not isinstance(step, Compound):
        return
    inside = (*here, *step.inside)
    if step.at_once:
        begins = sorted(enumerate(step.steps), key=lambda each: each[1].at or timedelta(0))
        for position, each in begins:
            yield from within(each, (*inside, position, each.verb))
    else:
        for _ in range(min(step.rounds, 2)):
            yield from in_time(step.steps, inside)


def _flat(steps: Sequence[Numbered]) -> Iterator[Numbered]:
    for each in steps:
        yield each
        yield from _flat(each.inner)


class _Counting:
    def __init__(self) -> None:
        self._count = 0

    def unroll(
        self, steps: Sequence[Step], outer: str, rounds: tuple[int, ...], since: int | None
    ) -> tuple[Numbered, ...]:
        return tuple(self._one(step, f"{outer}{position}", rounds, since) for position, step in enumerate(steps, 1))

    def _one(self, step: Step, written: str, rounds: tuple[int, ...], since: int | None) -> Numbered:
        self._count += 1
        number = self._count
        inner: tuple[Numbered, ...] = ()
        if isinstance(step, Compound) and step.at_once:
            inner = self.unroll(step.steps, f"{written}.", rounds, number if since is None else since)
        elif isinstance(step, Compound):
            for turn in range(1, step.rounds + 1):
                inner += self.unroll(step.steps, f"{written}.", (*rounds, turn), since)
        of = f" round {'.'.join(map(str, rounds))}" if rounds else ""
        return Numbered(
            number=number, written=f"{written}{of}", step=step, since=number if since is None else since, inner=inner
        )
