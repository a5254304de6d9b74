"""What each verb does, told to a Rehearsal; `publish` has a file of its own.

What a broker does to a client becomes a Trouble and an outcome that is not ok; what the lab itself cannot do is raised.
"""

from __future__ import annotations

from collections.abc import Sequence

from lab.declare.steps.base import Step
from lab.declare.steps.broker import OnBroker
from lab.declare.steps.connect import Connect
from lab.declare.steps.consume import Consume
from lab.declare.steps.cut import Cut
from lab.declare.steps.disconnect import Disconnect
from lab.declare.steps.end_traffic import EndTraffic
from lab.declare.steps.flap import Flap
from lab.declare.steps.heal import Heal
from lab.declare.steps.impair import Impair
from lab.declare.steps.network import OnNetwork
from lab.declare.steps.publish import Publish
from lab.declare.steps.reject import Reject
from lab.declare.steps.service import OfService
from lab.declare.steps.snapshot import Snapshot
from lab.declare.steps.subscribe import Subscribe
from lab.declare.steps.try_ import Try
from lab.declare.steps.unsubscribe import Unsubscribe
from lab.declare.steps.wait import Wait
from lab.errors import PlanError
from lab.link.impairment import Impairment, LinkState
from lab.replay.outcome import Outcome
from lab.replay.rehearsal import Rehearsal
from lab.replay.steps import connect as attempts
from lab.replay.steps.brokers import befall
from lab.replay.steps.consume import consume
from lab.replay.steps.network import change_network, try_out
from lab.replay.steps.publish import publish
from lab.replay.steps.service import serve
from lab.replay.steps.subscribe import disconnect, subscribe, unsubscribe
from lab.replay.steps.traffic import end
from lab.replay.steps.wait import wait
from lab.replay.witnesses import take_snapshot


def perform(rehearsal: Rehearsal, number: int, step: Step, later: Sequence[Step]) -> Outcome:
    """Do one step, knowing those that go on beside it or come later."""
    match step:
        case Subscribe():
            return subscribe(rehearsal, number, step, later)
        case Unsubscribe():
            return unsubscribe(rehearsal, step)
        case Disconnect():
            return disconnect(rehearsal, step)
        case Consume():
            return consume(rehearsal, number, step)
        case Publish():
            return publish(rehearsal, number, step)
        case Wait():
            return wait(rehearsal, step)
        case EndTraffic():
            return end(rehearsal, step)
        case Impair():
            return _change(rehearsal, step, step.impairment(), None)
        case Cut():
            return _change(rehearsal, step, None, LinkState.CUT)
        case Reject():
            return _change(rehearsal, step, None, LinkState.REJECT)
        case Heal():
            return _change(rehearsal, step, None, LinkState.OPEN)
        case Flap():
            return _flap(rehearsal, step)
        case OnBroker():
            return befall(rehearsal, step)
        case OnNetwork():
            return change_network(rehearsal, step)
        case Try():
            return try_out(rehearsal, step)
        case OfService():
            return serve(rehearsal, step)
        case Connect():
            return attempts.connect(rehearsal, step)
        case Snapshot():
            return take_snapshot(rehearsal, step.name)
        case _:
            raise PlanError(f"nobody knows how to {step.verb}", "see ARCHITECTURE.md: to add a step")


def _flap(rehearsal: Rehearsal, step: Flap) -> Outcome:
    """Cut and heal in turns; every moment counts from the first cut, so that nothing drifts."""
    begin, down, up = rehearsal.now(), step.down.total_seconds(), step.up.total_seconds()
    for turn in range(step.times):
        rehearsal.wait(lambda: False, begin + turn * (down + up) - rehearsal.now())
        _change(rehearsal, step, None, LinkState.CUT)
        rehearsal.wait(lambda: False, begin + turn * (down + up) + down - rehearsal.now())
        _change(rehearsal, step, None, LinkState.OPEN)
    return Outcome()


def _change(
    rehearsal: Rehearsal,
    step: Impair | Cut | Reject | Heal | Flap,
    impairment: Impairment | None,
    state: LinkState | None,
) -> Outcome:
    rehearsal.last_begun[step.verb] = rehearsal.now()
    changes = rehearsal.lab.change_link(step.link, leaving=step.leaving, impairment=impairment, state=state)
    for changed in changes:
        rehearsal.record_of_lab(changed)
        if state is not None:
            rehearsal.links[changed.link, changed.leaving] = state
    rehearsal.last_change[step.verb] = rehearsal.now()
    return Outcome()
