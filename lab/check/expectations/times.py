"""Checks of the expectations of times: their messages are sent, to clients that listen."""

from __future__ import annotations

from collections.abc import Iterator

from lab.activemq.destinations import destination_of, hears
from lab.check.context import Context
from lab.check.expectations import checks
from lab.check.subscriptions import listeners
from lab.declare.expectations.times import SENDING, Finished, Latency
from lab.declare.steps.messages import Message
from lab.declare.unrolling import every_step, in_every_round
from lab.errors import Problem


@checks.register(Finished)
def check_finished(context: Context, expectation: Finished) -> Iterator[Problem]:
    """Yield a Problem if a step sends no messages, or no messages that a receiver subscribes to."""
    if "to" in context.unknown:
        return
    heard = [
        each.destination or ""
        for each in listeners(context.scenario)
        if expectation.to is None or each.client in expectation.to.names
    ]
    for field, word in (("step", expectation.step), ("of", expectation.of)):
        if word is None or field in context.unknown:
            continue
        steps = [each for each in in_every_round(context.scenario.steps) if word in (each.named, each.verb)]
        if not all(isinstance(each, Message) for each in steps):
            does = "may send to several destinations" if any(each.sends_to for each in steps) else "sends nothing"
            yield context.wrong(field, f"the step {word} {does}", SENDING)
            continue
        sent = sorted({destination_of(each) or "" for each in steps if isinstance(each, Message)})
        if not any(hears(each, to) for each in heard for to in sent):
            who = "no client" if expectation.to is None else ", ".join(expectation.to.names)
            what = (
                f"{who} receives messages of {word}"
                if expectation.to is None
                else f"{who} does not receive messages of {word}"
            )
            yield context.wrong(
                field,
                what,
                f"add a step subscribe, or name another client; it sends to: {', '.join(sent) or 'nothing'}",
            )


@checks.register(Latency)
def check_latency(context: Context, expectation: Latency) -> Iterator[Problem]:
    """Yield a Problem if no step publishes at the first broker, or no client subscribes at the second."""
    if expectation.direction is None or "direction" in context.unknown:
        return
    source, target = expectation.direction
    steps = every_step(context.scenario.steps)
    if not any(step.sends_to and step.login is not None and step.login.broker == source for step in steps):
        yield context.wrong("direction", f"no step publishes at {source}", "write [FROM, TO], two brokers")
    if not any(each.broker == target for each in listeners(context.scenario)):
        yield context.wrong("direction", f"no client subscribes at {target}", "write [FROM, TO], two brokers")
