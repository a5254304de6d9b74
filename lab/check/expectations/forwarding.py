"""Checks of the expectations of forwarding: their bridges, destinations and counters exist."""

from __future__ import annotations

from collections.abc import Iterator

from lab.activemq.destinations import destination_of, has_wildcard, hears
from lab.base.units import several
from lab.check.bridge_ends import bridge_ends
from lab.check.context import Context
from lab.check.expectations import checks
from lab.check.message_places import Fed
from lab.check.references import check_order
from lab.check.sendings import most_sent
from lab.check.service import check_owner, connectors_at, connectors_of
from lab.check.subscriptions import listeners, logins
from lab.check.terms import WHOLE_NAME
from lab.declare.expectations.forwarding import (
    COUNTERS,
    LEVELS,
    Bridge,
    Counters,
    Demanded,
    Discarded,
    Forwarded,
    Stuck,
)
from lab.errors import Problem
from lab.plan.brokers import unread


def check_destination(
    context: Context, wanted: str | None, *, heard: bool = False, or_heard: bool = False
) -> Iterator[Problem]:
    """Yield a Problem if a destination has wildcards or parts, or if it is empty for certain.

    With `heard`: if no step subscribes to it; with `or_heard`: if it is empty and no step subscribes to it.
    """
    if wanted is None:
        return
    field = wanted.partition("://")[0]
    if field in context.unknown:
        return
    one = f"{'demand' if heard else 'a counter'} applies to one destination"
    if has_wildcard(wanted):
        yield context.wrong(field, one, WHOLE_NAME)
        return
    if "," in wanted:
        yield context.wrong(field, one, "write an expectation for each part")
        return
    its = [each for each in logins(context.scenario) if each.destination and each.listens is heard]
    used = sorted({str(each.destination) for each in its})
    listened = heard or or_heard
    if listened and any(hears(str(each.destination), wanted) for each in listeners(context.scenario)):
        return
    fed = context.recall(Fed)
    if fed.may_have_demand(wanted) if heard else fed.may_have(wanted):
        return
    does, done = ("subscribes", "subscribed") if heard else ("publishes", "published")
    what = f"no step {does} to {wanted}, so nothing is expected"
    yield context.wrong(field, what, f"{done} to: {', '.join(used) or 'nothing'}")


@checks.register(Bridge)
def check_bridge(context: Context, expectation: Bridge) -> Iterator[Problem]:
    """Yield a Problem if several brokers have the connector, or if a one-way connector is to have two ends."""
    if context.unknown & {"broker", "connector"}:
        return
    wrong = tuple(check_owner(context, expectation.connector, expectation.broker))
    yield from wrong
    if wrong:
        return
    initiator = expectation.broker or connectors_of(context.scenario)[expectation.connector][0]
    its = connectors_at(context.scenario, initiator)
    if any(each.name == expectation.connector and each.duplex for each in its):
        return
    if expectation.up == "both-ends":
        what = f"{expectation.connector} is not duplex, so only {initiator} has an end of its bridge"
        yield context.wrong("up", what, 'write up: initiator, or duplex="true" in the configuration')
    if expectation.agree:
        what = f"{expectation.connector} is not duplex, so the end at {initiator} has no other end to agree with"
        yield context.wrong(
            "agree", what, "write the expectation counters: {broker: …, bridge: …, dequeued: …} instead"
        )


_OF_BRIDGE = ("enqueued", "dequeued", "received")
_COUNTED = tuple(name for name in COUNTERS if name != "received")
_OF_TOPIC = (*_COUNTED, "consumers", "network-consumers", "in-flight", "memory")
_OF_QUEUE = (*_OF_TOPIC, "waiting")
_OF_BROKER = (*_COUNTED, *LEVELS)


@checks.register(Counters)
def check_counters(context: Context, expectation: Counters) -> Iterator[Problem]:
    """Yield a Problem for an unused destination, a counter the subject lacks, or a bridge without an end there."""
    yield from check_destination(context, destination_of(expectation), or_heard=not expectation.amounts)
    yield from check_order(context, expectation.between)
    valid: tuple[str, ...]
    if expectation.bridge is not None:
        what, valid = "a bridge's end", _OF_BRIDGE
    elif destination_of(expectation) is not None:
        what, valid = ("a queue", _OF_QUEUE) if expectation.queue is not None else ("a topic", _OF_TOPIC)
    else:
        what, valid = "a broker in all", _OF_BROKER
    for counter in (*expectation.amounts, *expectation.levels):
        if counter not in valid:
            place = context.scenario.origin.key(*context.path, counter)
            yield Problem(
                what=f"{what} has no counter {counter}", remedy=f"write one of {', '.join(valid)}", place=place
            )
    if expectation.bridge is not None and not context.unknown & {"broker", "bridge"}:
        yield from _end(context, expectation, expectation.bridge)


def _end(context: Context, expectation: Counters, bridge: str) -> Iterator[Problem]:
    ends = [end for end in bridge_ends(context.scenario) if end.connector == bridge]
    brokers = list(dict.fromkeys(end.broker for end in ends))
    if ends and expectation.broker not in brokers and not unread(context.topology):
        why = f"which joins {' and '.join(brokers)}" if any(end.duplex for end in ends) else "which is not duplex"
        right = f"write broker: {brokers[0]}"
        yield context.wrong("bridge", f"{expectation.broker} shows no end of {bridge}, {why}", right)


@checks.register(Stuck)
def check_stuck(context: Context, expectation: Stuck) -> Iterator[Problem]:
    """Yield a Problem if no step publishes to the queue, or fewer messages than are to be left in it."""
    queue = f"queue://{expectation.queue}"
    found = list(check_destination(context, queue))
    yield from found
    if found or context.unknown:
        return
    if any(end.remote == expectation.broker for end in bridge_ends(context.scenario)):
        return  # what comes over a bridge that was cut may come twice
    sent, least = most_sent(context, queue, expectation.broker), expectation.count.at_least or 0
    if sent is not None and least > sent:
        what = f"{least} cannot be left: at most {several(sent, 'message')} can reach {queue} at {expectation.broker}"
        yield context.wrong("count", what, f"write {sent} or less, or publish more messages")


@checks.register(Forwarded, Discarded)
def check_forwarded_or_discarded(context: Context, expectation: Forwarded | Discarded) -> Iterator[Problem]:
    """Yield a Problem if no step publishes to the destination, or if the snapshots are in the wrong order."""
    topic = f"topic://{expectation.topic}"
    yield from check_destination(context, topic if isinstance(expectation, Discarded) else destination_of(expectation))
    yield from check_order(context, expectation.between)


@checks.register(Demanded)
def check_demand(context: Context, expectation: Demanded) -> Iterator[Problem]:
    """Yield a Problem if no client subscribes to the destination."""
    yield from check_destination(context, destination_of(expectation), heard=True)
