"""The replay of a scenario in an open lab: Steps → Observations.

It performs the steps, waits for outstanding messages, and records final counts; it never judges. It ends early only if
the lab is gone, after a bug, or by an interruption.
"""

from __future__ import annotations

import contextlib
from contextlib import ExitStack
from datetime import UTC, datetime

from lab.declare.scenario import Scenario
from lab.declare.steps.flow import START
from lab.declare.unrolling import unroll
from lab.errors import LabError
from lab.history import Ended, Recorder, Tee
from lab.plan.values import Plan
from lab.replay.listeners import Listeners, end_reconnects
from lab.replay.playing import play
from lab.replay.rehearsal import LabRecorder, Rehearsal
from lab.replay.service import tells_of_service
from lab.replay.settling import expected_arrivals, record_counts, settle, watched_demands
from lab.replay.steps.flow import take_if_wanted
from lab.replay.steps.messages import end_all
from lab.replay.steps.network import record_network, record_peerings
from lab.runtime.lab import Lab
from lab.runtime.profile import AT_END, REPLAY, UNPROFILED, Profile

__all__ = ["replay"]


def replay(
    scenario: Scenario,
    plan: Plan,
    lab: Lab,
    recorder: Recorder,
    *,
    run: str,
    began: datetime | None = None,
    profile: Profile = UNPROFILED,
) -> None:
    """Replay a scenario in a lab, and record every observation, from the first step to Ended.

    `run` is the id of the run, which marks its messages. The service's clock begins at the topology's time, or else at
    `began`, or now.

    >>> from lab.history import MemoryRecorder
    >>> recorder = MemoryRecorder()
    >>> replay(scenario, planned, lab, recorder, run="20261126-090000-abcdef")
    >>> recorder.observations[-1].kind, recorder.observations[-1].complete
    ('ended', True)
    """
    closing = ExitStack()
    program = unroll(scenario.steps)
    rehearsal = Rehearsal(
        plan,
        program,
        lab,
        recorder if profile is UNPROFILED else Tee(recorder, profile),
        run=run,
        closing=closing,
        began=began or datetime.now(UTC),
        topology=scenario.topology,
        tells=tells_of_service(scenario),
        expected=expected_arrivals(scenario),
        profile=profile,
    )
    try:
        with closing:
            closing.callback(lab.unwatch)
            with profile.wait(REPLAY, "begin to watch", "every broker has been polled once"):
                rehearsal.watch(watched_demands(scenario), LabRecorder(rehearsal))
            take_if_wanted(rehearsal, scenario, START)
            record_peerings(rehearsal, scenario)
            rehearsal.service.tell_all()
            with rehearsal.recall(Listeners).reconnects:
                with rehearsal.tasks:
                    play(rehearsal, program.steps)
                    with profile.wait(AT_END, "end the traffic", "each traffic that goes on has ended"):
                        end_all(rehearsal)
                    rehearsal.check()
                settle(rehearsal, scenario)
                end_reconnects(rehearsal)
            record_counts(rehearsal, scenario)
            with profile.wait(AT_END, "end the watch", "the last poll and the last lines of every log are recorded"):
                lab.unwatch()  # the counts are final; later attempts do not appear in a log
            with profile.wait(AT_END, "the network at the end", "each connection that is expected has been tried"):
                record_network(rehearsal, scenario)
        rehearsal.check()
    except BaseException as error:
        with contextlib.suppress(OSError):  # a full disk, perhaps, which may be the very error that is raised
            words = error.what if isinstance(error, LabError) else error
            rehearsal.record(Ended(t=rehearsal.now(), complete=False, note=f"{type(error).__name__}: {words}"))
        raise
    rehearsal.record(Ended(t=rehearsal.now(), complete=True))
