"""Checks of the step `request`: its protocol has temporary queues, and a client answers."""

from __future__ import annotations

from collections.abc import Iterator

from lab.activemq.destinations import destination_of, hears
from lab.activemq.protocols import protocol
from lab.check.context import Context
from lab.check.steps import checks
from lab.declare.steps.request import Request
from lab.declare.steps.subscribe import Subscribe
from lab.declare.unrolling import every_step
from lab.errors import Problem


@checks.register(Request)
def check_request(context: Context, step: Request) -> Iterator[Problem]:
    """Yield a Problem over MQTT, or if no client that receives the requests answers them."""
    if protocol(step.over) == "mqtt":
        yield context.wrong("over", "MQTT has no temporary queues", "write over: stomp or amqp")
    asked = destination_of(step) or ""
    subscriptions = [each for each in every_step(context.scenario.steps) if isinstance(each, Subscribe)]
    if not any(each.replies and hears(destination_of(each) or "", asked) for each in subscriptions):
        right = "write replies: yes in a subscribe step of a client of this destination"
        yield context.whole(f"no client answers requests to {asked}", right)
