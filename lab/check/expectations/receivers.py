"""Check of claims about the messages that receivers got: there are such receivers and messages."""

from __future__ import annotations

from collections.abc import Iterator

from lab.activemq.destinations import destination_of, hears
from lab.check.context import Context
from lab.check.logins import listeners
from lab.declare.addressed import Addressed
from lab.declare.expectations.receivers import ToReceivers
from lab.declare.steps.message import Message
from lab.declare.unrolling import every_step
from lab.errors import Problem


def check(context: Context, claim: ToReceivers) -> Iterator[Problem]:
    """Yield a Problem if the receivers do not subscribe, or if no step publishes to what they subscribe to."""
    subscriptions = listeners(context.scenario)
    sent = {destination_of(step) or "" for step in every_step(context.scenario.steps) if isinstance(step, Message)}
    heard = {each.destination or "" for each in subscriptions}
    wanted = destination_of(claim) if isinstance(claim, Addressed) else None
    if isinstance(claim, Addressed) and claim.topic is not None and claim.queue is not None:
        yield context.wrong("queue", "name one topic or one queue", "remove one, or write two claims")
        return
    if wanted is not None:
        field = "topic" if wanted.startswith("topic") else "queue"
        if not any(hears(wanted, each) for each in sent):
            yield context.wrong(field, f"no step publishes to {wanted}", _listed("published to", sent))
            return
        if not any(hears(each, wanted) for each in heard):
            yield context.wrong(field, f"no client subscribes to {wanted}", _listed("subscribed to", heard))
            return
    for client in claim.to.names if claim.to is not None else ():
        its = {each.destination or "" for each in subscriptions if each.client == client}
        if its and not any(
            hears(each, target) for each in its for target in sent if wanted is None or hears(wanted, target)
        ):
            right = f"{_listed(f'{client} hears', its)}\n{_listed('published to', sent)}"
            what = f"nothing is published to what {client} hears, so the claim would hold of nothing"
            yield context.wrong("to", what, right)
    if claim.to is None and not (subscriptions and sent):
        what = "no client subscribes" if sent else "nothing is published"
        yield context.whole(f"{what}, so the claim would hold of nothing", "add the step, or remove the claim")


def _listed(label: str, destinations: set[str]) -> str:
    return f"{label}: {', '.join(sorted(destinations)) or 'nothing'}"
