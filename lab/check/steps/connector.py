"""Checks of the step `connector`: the connector runs before it is stopped, and is stopped before it is started."""

from __future__ import annotations

from collections.abc import Iterator

from lab.check.context import Context
from lab.check.instances import Brokers, Connectors
from lab.check.steps import checks
from lab.declare.steps.connector import ConnectorStep
from lab.errors import Problem


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
