"""Plays steps in their order and at their moments; the function of a kind in `steps/` performs it."""

from __future__ import annotations

from collections.abc import Sequence

from lab.declare.unrolling import Numbered
from lab.history import StepEnded, StepStarted
from lab.history.observation import LATE
from lab.replay.rehearsal import Rehearsal
from lab.replay.steps import performers
from lab.replay.turn import Outcome, StepTimes, Turn
from lab.replay.verbs import do, reboot_due


def play(rehearsal: Rehearsal, steps: Sequence[Numbered]) -> bool:
    """Do steps in sequence, also after a failed step; return whether each ended as written."""
    return all([_play_one(rehearsal, each) for each in steps])  # noqa: C419 (a list: every step is done)


def _play_one(rehearsal: Rehearsal, numbered: Numbered) -> bool:
    step, number = numbered.step, numbered.number
    due = None if step.at is None else step.at.total_seconds()
    if due is not None:
        rehearsal.rest(due - rehearsal.now())
    reboot_due(rehearsal)
    begun = rehearsal.now()
    rehearsal.record(
        StepStarted(
            t=begun, step=number, verb=step.verb, asked=step.words(), place=numbered.place, due=due, name=step.named
        )
    )
    late = f"it began {begun - due:.3g} s late" if due is not None and begun - due > LATE else ""

    times = rehearsal.recall(StepTimes)
    words = [word for word in (step.verb, step.named) if word]
    times.began |= dict.fromkeys(words, begun)

    def ended(outcome: Outcome) -> None:
        times.ended |= dict.fromkeys(words, rehearsal.now())
        note = "; ".join(words for words in (late, outcome.note) if words)
        rehearsal.record(StepEnded(t=rehearsal.now(), step=number, ok=outcome.ok, note=note, fails=step.fails))

    turn = Turn(
        number=number,
        place=numbered.place,
        inner=numbered.inner,
        later=lambda: rehearsal.program.concurrent_and_later(numbered),
        play=lambda inner: play(rehearsal, inner),
        ended=ended,
    )
    perform = next(iter(performers.of(type(step))), None)
    # A step without a performer is a verb.
    outcome = do(rehearsal, step) if perform is None else perform(rehearsal, step, turn)
    if outcome is not None:
        ended(outcome)
    rehearsal.check()
    return outcome is None or outcome.ok is not step.fails
