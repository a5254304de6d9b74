"""The conditions that end a wait, because an expectation is true, by the class of the expectation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from lab.activemq import log_lines
from lab.activemq.destinations import destination_of
from lab.declare.expectations.base import Term
from lab.declare.expectations.forwarding import Bridge, Demanded
from lab.declare.expectations.logs import Log
from lab.declare.kinds import Registry
from lab.declare.steps.base import Bridges, OnBroker, State, Step
from lab.plan.values import BridgePlan
from lab.replay.bridges import STEADY_SECONDS, bridges_of
from lab.replay.rehearsal import Rehearsal
from lab.replay.turn import StepTimes

conditions: Registry[Callable[[Rehearsal, Any, Term], Callable[[], bool]]] = Registry(__name__)


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


@conditions.register(Demanded)
def come_true_demand(rehearsal: Rehearsal, expectation: Demanded, term: Term) -> Callable[[], bool]:
    """Return the condition that the demand was last seen as expected."""
    sightings, of = rehearsal.sightings, (expectation.broker, str(destination_of(expectation)))
    return lambda: sightings.demands.get(of) is expectation.present and expectation.broker not in sightings.unseen


@conditions.register(Log)
def come_true_log(rehearsal: Rehearsal, expectation: Log, term: Term) -> Callable[[], bool]:
    """Return the condition that the log has the expected lines; for a maximum of lines, it never holds."""
    begin = rehearsal.recall(StepTimes).began[term.after]
    pattern = log_lines.pattern(expectation.matches)

    def there() -> bool:
        log = (line for line in tuple(rehearsal.sightings.log) if line.broker == expectation.broker and not line.trace)
        its = (line for line in log if line.t >= begin)
        number = sum(line.times for line in its if pattern.search(line.text))
        return expectation.wanted.at_most is None and number >= (expectation.wanted.at_least or 0)

    return there
