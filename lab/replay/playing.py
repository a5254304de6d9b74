"""In which order and at which moments the steps are done: one after the other, all at once, again and again."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

from lab.declare.steps.repeat import Repeat
from lab.declare.steps.together import Together
from lab.declare.steps.traffic import Traffic
from lab.declare.unrolling import Numbered
from lab.history import StepEnded, StepStarted
from lab.replay.outcome import Outcome
from lab.replay.rehearsal import Rehearsal
from lab.replay.steps import traffic
from lab.replay.steps.perform import perform
from lab.replay.steps.reboot import attend

LATE = 0.05  # seconds after its moment from which a step is late: less is the machine's own unrest


def play(rehearsal: Rehearsal, steps: Sequence[Numbered]) -> bool:
    """Do steps one after the other, and tell whether all went as asked."""
    return all([_one(rehearsal, each) for each in steps])  # noqa: C419 (every step is done, whatever became of one)


def _one(rehearsal: Rehearsal, each: Numbered) -> bool:
    step, number = each.step, each.number
    due = None if step.at is None else step.at.total_seconds()
    if due is not None:
        rehearsal.wait(lambda: False, due - rehearsal.now())
    attend(rehearsal)
    begun = rehearsal.now()
    rehearsal.record(StepStarted(t=begun, step=number, verb=step.verb, asked=step.words(), place=each.place, due=due))
    late = f"it began {begun - due:.3g} s late" if due is not None and begun - due > LATE else ""

    def ended(outcome: Outcome) -> None:
        note = "; ".join(words for words in (late, outcome.note) if words)
        rehearsal.record(StepEnded(t=rehearsal.now(), step=number, ok=outcome.ok, note=note))

    outcome: Outcome | None
    match step:
        case Together():
            outcome = _together(rehearsal, each.inner)
        case Repeat():
            outcome = Outcome(ok=play(rehearsal, each.inner))
        case Traffic():
            outcome = traffic.begin(rehearsal, number, step, ended)
        case _:
            outcome = perform(rehearsal, number, step, rehearsal.program.beside_and_after(each))
    if outcome is not None:
        ended(outcome)
    rehearsal.check()
    return outcome is None or outcome.ok


def _together(rehearsal: Rehearsal, steps: Sequence[Numbered]) -> Outcome:
    """Do steps at once, each in a task of its own, and return when all are done."""
    oks: list[bool] = []
    tasks = [
        rehearsal.beside.begin(f"step-{each.written}", lambda each=each: oks.append(_one(rehearsal, each)))  # type: ignore[misc]
        for each in steps
    ]
    rehearsal.wait(lambda: all(task.done for task in tasks), inf)
    return Outcome(ok=all(oks))
