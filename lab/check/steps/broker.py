"""What may be wrong with a step on a broker: its instance is in a state in which there is nothing to do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from lab.amazonmq.identity import DeploymentMode
from lab.check.context import Context
from lab.check.instances import Brokers, Connectors, doing, missing
from lab.declare.steps.broker import OnBroker, OnInstance, State
from lab.errors import Problem

_IS_THERE: Mapping[State | None, str] = {
    None: "is there already",
    State.DELETED: "was deleted, and the service would give a new one another id",
}
_LATER = "create each broker once, and declare it with later: yes"
_BEFORE = {State.DOWN: "start", State.PAUSED: "resume", State.ABSENT: "create-broker"}


def check(context: Context, step: OnBroker) -> Iterator[Problem]:
    """Return the Problem that the instance is in another state, or not there; then bring it to the new one."""
    if "broker" in context.unknown:
        return
    its = context.recall(Brokers).named[step.broker]
    if its.single and isinstance(step, OnInstance) and step.instance is not None:
        what = f"{step.broker} is a single instance: there is no other one to tell it from"
        right = f"leave instance out, or give it deployment-mode: {DeploymentMode.ACTIVE_STANDBY_MULTI_AZ}"
        yield context.wrong("instance", what, right)
        return
    if its.missing and State.ABSENT not in step.needs:
        yield missing(context, step, its)
        return
    if State.ABSENT in step.needs and its.missing != State.ABSENT:
        yield context.wrong("broker", f"{step.broker} {_IS_THERE[its.missing]}", _LATER)
        return
    meant = its.meant(step)
    if len(meant) > 1:
        what = f"both instances of {step.broker} are {its.state(meant[0])} here"
        yield context.wrong("broker", what, "say which one is meant: instance: 1, or instance: 2")
    found = its.state(meant[0])
    if found not in step.needs:
        before = "pause" if State.PAUSED in step.needs else "stop or kill"
        right = f"put a {_BEFORE.get(found, before)} step before it"
        yield context.wrong(
            "broker", f"{its.name(meant[0])} is {found} here, so there is nothing to {doing(step)}", right
        )
    its.done(step, meant[0], step.brings or found)
    if step.brings == State.DOWN or step.restarts:
        context.recall(Connectors).started(step.broker)
