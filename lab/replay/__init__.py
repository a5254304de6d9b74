"""Steps → Observations: does the steps in a living Lab, listens on, and bears witness.

It records and never judges. It ends early only for what leaves nothing to rehearse: lab gone, bug, interruption.
"""

from __future__ import annotations

import contextlib
from contextlib import ExitStack
from datetime import UTC, datetime

from lab.declare.kinds import Find, of_kind
from lab.declare.scenario import Scenario
from lab.declare.steps.snapshot import START
from lab.declare.unrolling import unroll
from lab.history import Ended, Recorder
from lab.plan.values import Plan
from lab.replay.listeners import Listeners, await_returns
from lab.replay.playing import play
from lab.replay.rehearsal import LabRecorder, Rehearsal
from lab.replay.service import tells_of_service
from lab.replay.settling import bear_witness, settle, spared, watched
from lab.replay.steps.network import bear_witness_of_network, tell_network
from lab.replay.steps.snapshot import take_if_wanted
from lab.replay.steps.traffic import end_all
from lab.runtime.lab import Lab

__all__ = ["replay"]


def replay(
    scenario: Scenario,
    plan: Plan,
    lab: Lab,
    recorder: Recorder,
    *,
    run: str,
    began: datetime | None = None,
    find: Find = of_kind,
) -> None:
    """Replay a scenario; everything seen goes to the recorder, from the first step to Ended.

    The service's clock begins at the moment handed in, or now, unless the topology says otherwise.
    """
    closing = ExitStack()
    program = unroll(scenario.steps)
    rehearsal = Rehearsal(
        plan,
        program,
        lab,
        recorder,
        run=run,
        closing=closing,
        began=began or datetime.now(UTC),
        topology=scenario.topology,
        tells=tells_of_service(scenario),
        spared=spared(scenario),
    )
    try:
        with closing:
            closing.callback(lab.unwatch)
            lab.watch(LabRecorder(rehearsal), watched(scenario))
            take_if_wanted(rehearsal, scenario, START)
            tell_network(rehearsal, scenario)
            rehearsal.service.tell_all()
            with rehearsal.recall(Listeners).returns:
                with rehearsal.tasks:
                    play(rehearsal, program.steps, find)
                    end_all(rehearsal)
                    rehearsal.check()
                settle(rehearsal, scenario, find)
                await_returns(rehearsal)
            lab.unwatch()
            bear_witness(rehearsal, scenario)
            bear_witness_of_network(rehearsal, scenario)
        rehearsal.check()
    except BaseException as error:
        with contextlib.suppress(OSError):  # a full disk, say, which may be the very error we are about to raise
            rehearsal.record(Ended(t=rehearsal.now(), complete=False, note=f"{type(error).__name__}: {error}"))
        raise
    rehearsal.record(Ended(t=rehearsal.now(), complete=True))
