"""Checks of the expectations of messages: such receivers, messages, shares and requests exist."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from fractions import Fraction

from lab.activemq.destinations import destination_of, hears, is_dead_letter_queue, parts_of
from lab.base import wide_signs
from lab.base.units import format_percent, several
from lab.check.context import Context
from lab.check.expectations import checks
from lab.check.message_places import Fed
from lab.check.sendings import all_sent_before, most_sent
from lab.check.subscriptions import listeners
from lab.declare.between import Portion
from lab.declare.expectations.messages import AnsweredExpectation, Delivered, ToReceivers
from lab.declare.message_fields import Addressed
from lab.declare.steps.messages import Request
from lab.declare.unrolling import every_step
from lab.errors import Problem


@checks.register(ToReceivers)
def check_receivers(context: Context, expectation: ToReceivers) -> Iterator[Problem]:
    """Yield a Problem if the receivers do not subscribe, or if no step publishes to their destinations."""
    at = expectation.at if isinstance(expectation, Delivered) and "at" not in context.unknown else None
    subscriptions = [each for each in listeners(context.scenario) if at in (None, each.broker)]
    fed = context.recall(Fed)
    heard = {each.destination or "" for each in subscriptions}
    wanted = destination_of(expectation) if isinstance(expectation, Addressed) else None
    if isinstance(expectation, Addressed) and expectation.topic is not None and expectation.queue is not None:
        yield context.wrong("queue", "both topic and queue are given", "remove one, or write two expectations")
        return
    declared = context.scenario.clients
    applications = [name for name in expectation.to.names if name in declared] if expectation.to else []
    for name in applications:
        place = declared[name].broker
        if at is not None and place not in (None, at):
            yield context.wrong("at", f"{name} connects to {place}", f"write at: {place}, or name another client")
            return
    senders = expectation.senders if isinstance(expectation, Delivered) else ()
    unobserved = [*applications, *(name for name in senders if name in declared)]
    if wanted is not None:
        field = "topic" if wanted.startswith("topic") else "queue"
        if field in context.unknown or any(hears(each, wanted) for each in context.topology.observed):
            return
        if unobserved:
            what = f"the brokers do not observe {wanted}, so nothing is known of {unobserved[0]}'s messages"
            yield context.wrong(field, what, f'write in the topology observe: ["{wanted.replace("://", ":")}"]')
            return
        if not fed.may_have(wanted):
            yield context.wrong(field, f"no step publishes to {wanted}", _add("publish", "published to", fed.sent))
            return
        if not any(hears(each, wanted) for each in heard):
            where = f" at {at}" if at is not None else ""
            yield context.wrong(
                field, f"no client subscribes to {wanted}{where}", _add("subscribe", "subscribed to", heard)
            )
            return
    if unobserved and not context.topology.observe:
        what = f"the brokers observe no destination, so nothing is known of {unobserved[0]}'s messages"
        yield context.wrong(
            "to" if applications else "from",
            what,
            'write in the topology observe: ["orders.>"], with the destinations in use',
        )
        return
    for client in expectation.to.names if expectation.to is not None else ():
        if client in applications:
            continue
        its = {each.destination or "" for each in subscriptions if each.client == client}
        if at is not None and not its:
            there = sorted({each.broker for each in listeners(context.scenario) if each.client == client})
            yield context.wrong(
                "at",
                f"{client} does not subscribe at {at}",
                f"write at: {there[0] if there else '…'}; it subscribes at: {', '.join(there)}",
            )
            continue
        meant = {each for each in its if wanted is None or hears(each, wanted)}
        yield from _receiver(context, expectation, client, its, meant, wanted)
    if expectation.to is None and not (subscriptions and fed.sent) and not context.topology.observe:
        what = "no client subscribes" if fed.sent else "nothing is published"
        yield context.whole(f"{what}, so nothing is expected", "add the step, or remove the expectation")


def _receiver(
    context: Context, expectation: ToReceivers, client: str, destinations: set[str], meant: set[str], wanted: str | None
) -> Iterator[Problem]:
    """Yield a Problem if a client receives no messages, or messages that the steps do not determine."""
    fed = context.recall(Fed)
    sent = [each for each in fed.sent if wanted is None or hears(wanted, each)]
    if not destinations or any(hears(each, target) for each in meant for target in sent):
        yield from _often(context, client, destinations, sent)
        return
    by_brokers = sorted(each for each in meant if fed.by_brokers(each))
    if not by_brokers:
        heard, published = _listed(f"{client} subscribes to", destinations), _listed("published to", fed.sent)
        right = f"{_in_ascii(destinations, sent)}add a step publish, or name another client\n{heard}\n{published}"
        what = f"no step publishes to a destination that {client} subscribes to, so nothing is expected"
        yield context.wrong("to", what, right)
    elif not (
        isinstance(expectation, Delivered)
        and expectation.promise == "nothing"
        and all(map(is_dead_letter_queue, meant))
    ):
        kind, _, name = by_brokers[0].partition("://")
        what = (
            f"brokers put messages into {by_brokers[0]} by themselves, "
            f"so it is unknown which messages {client} is expected to receive"
        )
        right = f"write counters: {{broker: …, {kind}: {name}, enqueued: …}}"
        if is_dead_letter_queue(by_brokers[0]):
            right += ", or delivered with promise: nothing"
        yield context.wrong("to", what, right)


def _often(context: Context, client: str, destinations: Iterable[str], sent: Iterable[str]) -> Iterator[Problem]:
    """Yield a Problem if a subscription receives several parts of a composite destination: messages repeat."""
    composite = [target for target in sent if len(parts_of(target)) > 1]
    for each, target in sorted((each, target) for each in destinations for target in composite):
        parts = [part for part in parts_of(target) if hears(each, part)]
        if len(parts) > 1:
            what = f"{client} subscribes to {each}, and receives each message sent to {target} {len(parts)} times"
            yield context.wrong("to", what, "let it subscribe to one of them, or publish to each in a step of its own")


def _in_ascii(destinations: Iterable[str], sent: Collection[str]) -> str:
    """Return the remedy, a line, for a destination that is one of `sent` in ASCII signs; "" if there is none."""
    for destination in sorted(destinations):
        kind, _, name = destination.partition("://")
        plain = wide_signs.narrow(name).strip("\"'")
        if plain != name and f"{kind}://{plain}" in sent:
            return f"write {kind}: {plain} instead of {kind}: {name}\n"
    return ""


def _listed(label: str, destinations: Iterable[str]) -> str:
    return f"{label}: {', '.join(sorted(destinations)) or 'nothing'}"


def _add(verb: str, label: str, destinations: Iterable[str]) -> str:
    """Return the remedy for a destination that no step uses: a step with a verb, or a destination that steps use."""
    other = ", or name another destination" if destinations else ""
    return f"add a step {verb} for it{other}; {_listed(label, destinations)}"


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
            "shares", what, f"add a step subscribe, or name another client; subscribed to it: {subscribed}"
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


@checks.register(AnsweredExpectation)
def check_answered(context: Context, expectation: AnsweredExpectation) -> Iterator[Problem]:
    """Yield a Problem if no request step sends to the destination expected, or to any."""
    if expectation.topic is not None and expectation.queue is not None:
        yield context.wrong("queue", "both topic and queue are given", "remove one, or write two expectations")
        return
    wanted = destination_of(expectation)
    requests = [each for each in every_step(context.scenario.steps) if isinstance(each, Request)]
    asked = sorted({destination_of(each) or "" for each in requests})
    if any(wanted is None or hears(wanted, each) for each in asked):
        return
    what = "no request is sent" + ("" if wanted is None else f" to {wanted}")
    right = f"add a step request, or name another destination; requests go to: {', '.join(asked) or 'nothing'}"
    yield context.whole(f"{what}, so nothing is expected", right)
