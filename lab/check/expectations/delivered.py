"""Check of the expectation `delivered`: a subscriber exists when messages are sent, and shares are possible."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction

from lab.activemq.destinations import destination_of, hears
from lab.base.units import format_percent, several
from lab.check.context import Context
from lab.check.expectations import checks
from lab.check.logins import listeners
from lab.check.sendings import all_sent_before, most_sent
from lab.declare.between import Portion
from lab.declare.expectations.delivered import Delivered
from lab.errors import Problem


@checks.register(Delivered)
def check_delivered(context: Context, expectation: Delivered) -> Iterator[Problem]:
    """Yield the Problems of a topic without subscribers at the time of sending, and of impossible shares."""
    yield from _too_late(context, expectation)
    if expectation.shares is None or "shares" in context.unknown:
        return
    queue = str(destination_of(expectation))
    there = [each.client for each in listeners(context.scenario) if hears(each.destination or "", queue)]
    subscribed = ", ".join(dict.fromkeys(there)) or "no client"
    strangers = [name for name in expectation.shares if name not in there]
    for name in strangers:
        what = f"{name} does not subscribe to {queue}, so it has no share"
        yield context.wrong(
            "shares",
            what,
            f"add a step subscribe, or name another client; subscribed to it: {subscribed}",
        )
    if not strangers:
        yield from _impossible_shares(context, expectation.shares, queue, set(there))


def _too_late(context: Context, expectation: Delivered) -> Iterator[Problem]:
    """Yield a Problem if all messages to topics were sent before their subscribers existed."""
    wanted = destination_of(expectation)
    names = expectation.to.names if expectation.to is not None else None
    heard = [
        str(each.destination)
        for each in listeners(context.scenario)
        if (names is None or each.client in names) and (wanted is None or hears(str(each.destination), wanted))
    ]
    if expectation.promise != "nothing" and heard and all_sent_before(context, heard):
        what = "every message is sent before a client subscribes, and a topic keeps none, so nothing is expected"
        yield context.whole(what, "let the clients subscribe before the step that publishes")


def _impossible_shares(
    context: Context, shares: Mapping[str, Portion], queue: str, everybody: set[str]
) -> Iterator[Problem]:
    """Yield a Problem for a share of more messages than are sent, and for shares that do not cover all messages."""
    sent = most_sent(context, queue)
    for name, portion in shares.items():
        if sent is not None and isinstance(portion.at_least, int) and portion.at_least > sent:
            what = f"{name} cannot receive {portion.at_least}: at most {several(sent, 'message')} can reach {queue}"
            yield context.wrong("shares", what, "publish more messages, or write a smaller share")
    # A message that is given back may count for two of them, so that shares may well come to more than all.
    most = [portion.at_most for portion in shares.values()]
    if everybody <= shares.keys() and all(isinstance(each, float) for each in most):
        whole = sum(Fraction(repr(each)) for each in most)
        if whole < 1:
            together = format_percent(float(whole))
            what = f"these are all subscribers of {queue}, and their shares add up to at most {together}"
            yield context.wrong("shares", what, "write shares that add up to 100% or more")
