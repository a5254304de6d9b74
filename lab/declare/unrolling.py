"""A scenario's steps as they are done: each with its own number, and the place where a person finds it.

Numbers count from 1 in the order of the file, inner steps after the step they are in and every round of a repeat anew,
so that a message's id, `<number>-<n>`, belongs to one step in one round. A step that sends to several destinations has
a number for each. Where no step has inner ones, or several numbers, number and place agree.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import islice

from lab.base.dataclass import dataclass
from lab.declare.origin import Keys
from lab.declare.steps.base import Compound, Step

MOST_STEPS = 10_000  # of one replay, all rounds counted


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbered:
    """A step with its number; a step of a repeat has a new number in every round."""

    number: int
    written: str  # its place for a person: "5", "5.1", "5.1 round 2"
    step: Step
    outermost: int  # the number of the outermost `together` around it, or its own: from there, steps may run beside it
    inner: tuple[Numbered, ...] = ()  # of `together` all at once, of `repeat` one after the other

    @property
    def place(self) -> str:
        """Return the place, or an empty text if it is the number."""
        return "" if self.written == str(self.number) else self.written


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """The steps of a replay, numbered."""

    steps: tuple[Numbered, ...]
    flat: tuple[Numbered, ...]  # inner steps included, in the order of their numbers

    def concurrent_and_later(self, this: Numbered) -> tuple[Step, ...]:
        """Return the steps that come later, or may still run when this step is done."""
        running = [each.step for each in self.flat[: this.outermost - 1] if each.step.in_background]
        return (*running, *(each.step for each in self.flat[this.outermost - 1 :] if each is not this))


def unroll(steps: Sequence[Step]) -> Program:
    """Return the steps numbered as they are done."""
    numbered = _Numbering().unroll(steps, "", (), None)
    return Program(steps=numbered, flat=tuple(_flatten(numbered)))


def count_steps(steps: Sequence[Step]) -> int:
    """Return the number of steps that unrolling would make, without making them."""
    count = 0
    for step in steps:
        count += step.numbers + (count_steps(step.steps) * step.rounds if isinstance(step, Compound) else 0)
    return count


def every_step(steps: Sequence[Step]) -> Iterator[Step]:
    """Yield every written step, each followed by its inner ones."""
    for step in steps:
        yield step
        if isinstance(step, Compound):
            yield from every_step(step.steps)


def in_order(steps: Sequence[Step], path: Keys = ("steps",)) -> Iterator[tuple[Keys, Step]]:
    """Yield every step with the path to the fields after its verb, as nearly as can be known in the order of doing.

    Of steps at once, those with an earlier `at` come first; a repeat is passed twice, since its second round begins
    in the state that the first one left.
    """
    for position, step in enumerate(steps):
        yield from inner_in_order(step, (*path, position, step.verb))


def inner_in_order(step: Step, path: Keys) -> Iterator[tuple[Keys, Step]]:
    """Yield a step and every step in it, in the order of doing; `path` is the path to the fields after its verb."""
    yield path, step
    if not isinstance(step, Compound):
        return
    inside = (*path, *step.inside)
    if step.at_once:
        begins = sorted(enumerate(step.steps), key=lambda each: each[1].at or timedelta(0))
        for position, each in begins:
            yield from inner_in_order(each, (*inside, position, each.verb))
    else:
        for _ in range(min(step.rounds, 2)):
            yield from in_order(step.steps, inside)


def in_every_round(steps: Sequence[Step]) -> Iterator[Step]:
    """Yield the steps as they are done, every round of a repeat anew, in the order of doing; at most MOST_STEPS."""
    return islice(_in_every_round(steps, ()), MOST_STEPS)


def rounds_around(steps: Sequence[Step], path: Keys) -> int:
    """Return how often the step at a path is done, which is more than once inside a repeat."""
    times, here = 1, path[1:]  # without "steps"
    while True:
        step = steps[int(here[0])]
        inside = here[2 + (len(step.inside) if isinstance(step, Compound) else 0) :]
        if not isinstance(step, Compound) or not inside:
            return times
        times, steps, here = times * step.rounds, step.steps, inside


def _in_every_round(steps: Sequence[Step], rounds: tuple[int, ...]) -> Iterator[Step]:
    for step in steps:
        yield step.in_round(".".join(map(str, rounds))) if rounds else step
        if isinstance(step, Compound) and step.at_once:
            begins = sorted(step.steps, key=lambda each: each.at or timedelta(0))
            yield from _in_every_round(begins, rounds)
        elif isinstance(step, Compound):
            for turn in range(1, step.rounds + 1):
                yield from _in_every_round(step.steps, (*rounds, turn))


def _flatten(steps: Sequence[Numbered]) -> Iterator[Numbered]:
    for each in steps:
        yield each
        yield from _flatten(each.inner)


class _Numbering:
    def __init__(self) -> None:
        self._count = 0

    def unroll(
        self, steps: Sequence[Step], outer: str, rounds: tuple[int, ...], outermost: int | None
    ) -> tuple[Numbered, ...]:
        return tuple(
            self._number(step, f"{outer}{position}", rounds, outermost) for position, step in enumerate(steps, 1)
        )

    def _number(self, step: Step, written: str, rounds: tuple[int, ...], outermost: int | None) -> Numbered:
        number = self._count + 1
        self._count += step.numbers
        if rounds:
            step = step.in_round(".".join(map(str, rounds)))
        inner: tuple[Numbered, ...] = ()
        if isinstance(step, Compound) and step.at_once:
            inner = self.unroll(step.steps, f"{written}.", rounds, number if outermost is None else outermost)
        elif isinstance(step, Compound):
            for turn in range(1, step.rounds + 1):
                inner += self.unroll(step.steps, f"{written}.", (*rounds, turn), outermost)
        of = f" round {'.'.join(map(str, rounds))}" if rounds else ""
        return Numbered(
            number=number,
            written=f"{written}{of}",
            step=step,
            outermost=number if outermost is None else outermost,
            inner=inner,
        )
