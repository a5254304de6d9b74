"""Steps → Observations: does one step after the other in a living Lab, listens on, and bears witness.

It records and never judges. It ends early only for what leaves nothing to rehearse: lab gone, bug, interruption.
"""

from __future__ import annotations

import contextlib
from contextlib import ExitStack

from lab.declare.counter_claims import START
from lab.declare.scenario import Scenario
from lab.history import Ended, Recorder, StepEnded, StepStarted
from lab.plan import Plan
from lab.replay.rehearsal import LabRecorder, Rehearsal
from lab.replay.settling import bear_witness, settle
from lab.replay.steps import perform
from lab.replay.witnesses import demanded, take_if_wanted
from lab.replay.wording import asked
from lab.runtime.base import Lab

__all__ = ["replay"]


def replay(scenario: Scenario, plan: Plan, lab: Lab, recorder: Recorder, *, run: str) -> None:
    """Replay a scenario; everything seen goes to the recorder, from the first step to Ended."""
    closing = ExitStack()
    rehearsal = Rehearsal(plan, lab, recorder, run=run, closing=closing)
    try:
        with closing:
            closing.callback(lab.unwatch)
            lab.watch(LabRecorder(rehearsal), demanded(scenario))
            take_if_wanted(rehearsal, scenario, START)
            for number, step in enumerate(scenario.steps, start=1):
                rehearsal.record(StepStarted(t=rehearsal.now(), step=number, verb=step.verb, asked=asked(step)))
                outcome = perform(rehearsal, number, step, scenario.steps[number:])
                rehearsal.record(StepEnded(t=rehearsal.now(), step=number, ok=outcome.ok, note=outcome.note))
                rehearsal.check()
            settle(rehearsal, scenario)
            lab.unwatch()
            bear_witness(rehearsal, scenario)
        rehearsal.check()
    except BaseException as error:
        with contextlib.suppress(OSError):  # a full disk, say, which may be the very error we are about to raise
            rehearsal.record(Ended(t=rehearsal.now(), complete=False, note=f"{type(error).__name__}: {error}"))
        raise
    rehearsal.record(Ended(t=rehearsal.now(), complete=True))
