"""Checks of the steps on a broker: its instance and its connector are in a state that the step can change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from lab.amazonmq.identity import DeploymentMode
from lab.check.context import Context
from lab.check.instances import Brokers, Connectors, missing
from lab.check.steps import checks
from lab.declare.steps.base import OnBroker, OnInstance, State
from lab.declare.steps.instances import ConnectorStep
from lab.errors import Problem

_IS_THERE: Mapping[State | None, str] = {
    None: "is there already",
    State.DELETED: "was deleted, and the service would give a new broker another id",
}
_LATER = "create each broker once, and declare it with later: yes"


@checks.register(OnBroker)
def check_broker(context: Context, step: OnBroker) -> Iterator[Problem]:
    """Yield a Problem if the instance is not in a state that the step needs; note its state after the step."""
    if "broker" in context.unknown:
        return
    its = context.recall(Brokers).named[step.broker]
    if its.single and isinstance(step, OnInstance) and step.instance is not None:
        what = f"{step.broker} is a single instance: it has no other instance"
        right = f"remove instance, or declare the broker with deployment-mode: {DeploymentMode.ACTIVE_STANDBY_MULTI_AZ}"
        yield context.wrong("instance", what, right)
        return
    if its.missing and State.ABSENT not in step.needs:
        yield missing(context, step, its)
        return
    if State.ABSENT in step.needs and its.missing != State.ABSENT:
        yield context.wrong("broker", f"{step.broker} {_IS_THERE[its.missing]}", _LATER)
        return
    targets = its.targets(step)
    if len(targets) > 1:
        what = f"both instances of {step.broker} are {its.state(targets[0])} here"
        yield context.wrong("broker", what, "write instance: 1, or instance: 2")
    found = its.state(targets[0])
    if found not in step.needs and targets[0] not in its.uncertain:
        right = f"put a {' or '.join(step.ways_out(found))} step before it"
        what = f"{its.name(targets[0])} is {found} here, so there is nothing to {step.action}"
        yield context.wrong("broker", what, right)
    its.apply(step, targets[0], step.brings or found)
    if step.brings == State.DOWN or step.restarts:
        context.recall(Connectors).restart(step.broker)


@checks.register(ConnectorStep)
def check_connector(context: Context, step: ConnectorStep) -> Iterator[Problem]:
    """Yield a Problem if the step would change nothing; note the connector's state after it."""
    if context.unknown or context.recall(Brokers).named[step.broker].missing:
        return
    connectors = context.recall(Connectors)
    key, known = (step.broker, step.name), step.broker not in connectors.uncertain
    if known and step.do == "start" and key not in connectors.stopped:
        what = f"the connector {step.name} is not stopped here"
        yield context.wrong("name", what, "put a connector step with do: stop before it")
    if known and step.do == "stop" and key in connectors.stopped:
        yield context.wrong(
            "name", f"the connector {step.name} is stopped already", "remove the step, or start it first"
        )
    if step.fails:
        connectors.uncertain.add(step.broker)
    (connectors.stopped.add if step.do == "stop" else connectors.stopped.discard)(key)
