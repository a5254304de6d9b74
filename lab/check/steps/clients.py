"""Checks of the steps of clients: their terms agree with each other, and with the subscriptions so far."""

from __future__ import annotations

from collections.abc import Iterator

from lab.activemq.destinations import destination_of
from lab.activemq.protocols import protocol
from lab.check.context import Context
from lab.check.service import users_of
from lab.check.steps import checks
from lab.check.subscriptions import Subscriptions, check_leaving
from lab.check.terms import check_destination, check_terms
from lab.declare.steps.clients import Connect, Disconnect, Subscribe, Unsubscribe
from lab.errors import Problem

_OF_THE_CONNECTION = ("broker", "over", "user", "client_id", "clean_session", "reconnect")
_OF_WHAT_IS_KEPT = ("qos", "selector")


@checks.register(Subscribe)
def check_subscribe(context: Context, step: Subscribe) -> Iterator[Problem]:
    """Yield the Problems of the destination, the terms and the client."""
    yield from check_destination(context, step)
    yield from check_terms(context, step)
    if step.kept:
        yield from _kept(context, step)
    yield from _listens(context, step)


def _kept(context: Context, step: Subscribe) -> Iterator[Problem]:
    field = "durable" if step.durable else "clean-session"
    if step.durable and step.queue is not None:
        right = "remove durable: a queue keeps its messages for every consumer"
        yield context.wrong(field, "a subscription to a queue is not durable", right)
    elif step.client_id is None:
        what = "a broker keeps a subscription under a client id, and this client has none"
        yield context.wrong(field, what, _which_id(context.recall(Subscriptions).first.get(step.client)))
    if not step.clean_session and protocol(step.over) == "mqtt" and step.qos == 0:
        what = "ActiveMQ keeps nothing for a subscription with QoS 0"
        yield context.wrong("qos", what, "write qos: 1 or 2, or remove clean-session")


def _which_id(first: Subscribe | None) -> str:
    """Return which client-id to add to a subscription, so that it agrees with the first one of the client."""
    if first is None:
        return "add client-id: NAME, the same each time the client connects"
    if first.client_id is None:
        return "add client-id, the same to each subscription of the client: a client is one connection"
    return f"add client-id: {first.client_id}, as in its first subscription"


def _listens(context: Context, step: Subscribe) -> Iterator[Problem]:
    subscriptions = context.recall(Subscriptions)
    yield from _same_client(context, subscriptions.first.setdefault(step.client, step), step)
    kept = subscriptions.away.get(step.client, [])
    for each in kept:
        yield from _same_terms(context, each, step)
    subscriptions.away[step.client] = [each for each in kept if destination_of(each) != destination_of(step)]
    if step.client_id is not None:
        owner = subscriptions.owners.setdefault((step.broker, step.client_id), step.client)
        if owner != step.client:
            what = f"{owner} has the client-id {step.client_id} at {step.broker} already"
            yield context.wrong("client-id", what, "write another client-id: a broker permits one client for each id")
    subscriptions.now.setdefault(step.client, []).append(step)


def _same_client(context: Context, first: Subscribe, step: Subscribe) -> Iterator[Problem]:
    """Yield a Problem for each term of the connection that differs: a client's subscriptions share one connection."""
    for field in _OF_THE_CONNECTION:
        if getattr(first, field) != getattr(step, field):
            if field == "client_id" and step.client_id is None and step.kept:
                continue  # that it needs one is said already, and which
            written = field.replace("_", "-")
            before = first.model_dump(mode="json", by_alias=True).get(written)
            has = f"{written} {before}" if before else f"no {written}"
            what = f"the client {step.client} has {has} in its first subscription"
            same = "write the same in both" if field == "client_id" and first.client_id is None else "write the same"
            taken = step.client_id is not None and step.client_id == first.client_id and step.broker == first.broker
            right = f"{same}, or give the client another name{' and another client-id' if taken else ''}"
            yield context.wrong(written, what, f"{right}: a client has one connection")


def _same_terms(context: Context, kept: Subscribe, step: Subscribe) -> Iterator[Problem]:
    """Yield a Problem for each term that differs from the kept subscription, since it would be a new subscription."""
    if destination_of(kept) != destination_of(step):
        return
    for field in _OF_WHAT_IS_KEPT:
        if getattr(kept, field) != getattr(step, field):
            term = getattr(kept, field)
            what = f"the kept subscription of {step.client} has {f'{field} {term}' if term else f'no {field}'}"
            yield context.wrong(field, what, "write the same, or let it unsubscribe instead of disconnect")


@checks.register(Unsubscribe)
def check_unsubscribe(context: Context, step: Unsubscribe) -> Iterator[Problem]:
    """Yield a Problem if the client does not have a subscription; note that its kept subscriptions end."""
    subscriptions = context.recall(Subscriptions)
    yield from check_leaving(context, step.client, twice=True)
    subscriptions.away.pop(step.client, None)
    subscriptions.now.pop(step.client, None)


@checks.register(Disconnect)
def check_disconnect(context: Context, step: Disconnect) -> Iterator[Problem]:
    """Yield a Problem if the client is not connected; note the subscriptions that are kept for it."""
    subscriptions = context.recall(Subscriptions)
    yield from check_leaving(context, step.client, twice=False)
    kept = [each for each in subscriptions.now.pop(step.client, ()) if each.kept]
    subscriptions.away.setdefault(step.client, []).extend(kept)


@checks.register(Connect)
def check_connect(context: Context, step: Connect) -> Iterator[Problem]:
    """Yield a Problem if the user does not exist; with a wrong password any name is valid."""
    if "broker" in context.unknown or step.user is None or step.password == "wrong":
        return
    if step.user not in users_of(context.scenario, step.broker):
        users = ", ".join(context.topology.brokers[step.broker].users)
        what = f"{step.broker} has no user {step.user}, so no password is right"
        yield context.wrong("user", what, f"write one of the users of {step.broker}: {users}\nor write password: wrong")
