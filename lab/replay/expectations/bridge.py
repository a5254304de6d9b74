"""The condition that a bridge is as expected."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from lab.declare.expectations.base import Term
from lab.declare.expectations.bridge import Bridge
from lab.declare.steps.base import Bridges, Step
from lab.declare.steps.instances import OnBroker, State
from lab.plan.values import BridgePlan
from lab.replay.bridges import STEADY_SECONDS, bridges_of
from lab.replay.expectations import conditions
from lab.replay.rehearsal import Rehearsal
from lab.replay.turn import StepTimes


@conditions.register(Bridge)
def come_true_bridge(rehearsal: Rehearsal, expectation: Bridge, term: Term) -> Callable[[], bool]:
    """Return the condition that the bridge is steadily as expected; it never holds if the step cannot do that."""
    bridges = bridges_of(rehearsal.plan, expectation.connector, expectation.broker)

    ends, since = rehearsal.sightings.bridges, rehearsal.recall(StepTimes).ended[term.after]

    def stands() -> bool:
        # Steady since the step, too: a bridge that the step takes down is reported a moment later.
        steady = rehearsal.now() - max(ends.changed, since) >= STEADY_SECONDS
        seen = not any({bridge.initiator, bridge.responder} & rehearsal.sightings.unseen for bridge in bridges)
        return steady and seen and bool(bridges) and all(ends.state(bridge) == expectation.up for bridge in bridges)

    step = next(each.step for each in rehearsal.program.flat if term.after in (each.step.verb, each.step.named))
    wanted = Bridges.DROPPED if expectation.up == "nowhere" else Bridges.RAISED
    return stands if wanted in _effect(rehearsal, step, bridges) else lambda: False


def _effect(rehearsal: Rehearsal, step: Step, bridges: Sequence[BridgePlan]) -> Bridges:
    """Return the effect of a step on bridges; a bridge to or from a pair comes up again at the other instance."""
    ends = {end for bridge in bridges for end in (bridge.initiator, bridge.responder)}
    pair = any(len(rehearsal.plan.broker(end).instances) > 1 for end in ends)
    fails_over = pair and isinstance(step, OnBroker) and step.brings is State.DOWN
    return Bridges.RAISED if fails_over else step.bridges
