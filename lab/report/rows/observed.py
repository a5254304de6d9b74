"""Rows of observations of the observer inside a broker."""

from __future__ import annotations

from lab.history import ConnectionSeen, ConsumerSeen, MessageSeen, ObserverChanged, TransactionEnded
from lab.judge.wording import gap
from lab.report.rows.row import Description, Weight, Words


def _observer(seen: ObserverChanged) -> Description:
    by = f" of instance {seen.instance}" if seen.instance else ""
    if seen.state == "began":
        return seen.broker, f"the observer{by} began: {', '.join(seen.patterns)}", Weight.PLAIN
    if seen.state == "ended":
        why = f": {seen.why}" if seen.why else ""
        return seen.broker, f"the observer{by} ended{why}", Weight.PLAIN
    if seen.state == "clock":
        return seen.broker, f"the times of the observer{by} may be wrong by {gap(seen.clock_error)}", Weight.PLAIN
    if seen.state == "answering":
        return seen.broker, f"the observer{by} answers again", Weight.PLAIN
    if seen.state == "silent":
        return seen.broker, f"the observer{by} has not answered since {seen.since or 0:.3f} s", Weight.FAULT
    count = f"{seen.lost_events} events" if seen.lost_events else "events"
    since = "" if seen.since is None else f" from {seen.since:.3f} s on"
    return seen.broker, f"the observer{by} lost {count}{since}: {seen.why}", Weight.FAULT


def _connection(seen: ConnectionSeen) -> Description:
    error = f": {seen.error}" if seen.error else ""
    where = f" from {seen.address}" if seen.address and seen.state == "connected" else ""
    over = f" over {seen.over}" if seen.over and seen.state == "connected" else ""
    return seen.broker, f"client {seen.client_id or '(no client id)'} {seen.state}{where}{over}{error}", Weight.PLAIN


def _consumer(seen: ConsumerSeen) -> Description:
    who = f"{'bridge' if seen.network else 'client'} {seen.client_id or '(no client id)'}"
    selector = f" with selector {seen.selector}" if seen.selector else ""
    did = "subscribed to" if seen.state == "subscribed" else "left"
    refused = f", which the broker refused: {seen.error}" if seen.error else ""
    return seen.broker, f"{who} {did} {seen.destination}{selector}{refused}", Weight.PLAIN


def client(seen: MessageSeen) -> str:
    """Return the client of a message's event in words: a bridge, a client by its id, or by its connector."""
    name = seen.client_id or (f"a client over {seen.over}" if seen.over else "an unknown client")
    return f"the bridge {name}" if seen.network else name


def event(seen: MessageSeen) -> str:
    """Return the event of a message in words, without the message's id."""
    to, why = seen.destination, f": {seen.why}" if seen.why else ""
    match seen.event:
        case "sent" if seen.original and seen.why:
            return f"moved it from {seen.original} to {to}{why}"
        case "sent" if seen.why:
            return f"refused it from {client(seen)} to {to}{why}"
        case "sent":
            return f"accepted it from {client(seen)} on {to}"
        case "dispatched":
            again = f", delivery {seen.redelivered + 1}" if seen.redelivered else ""
            return f"dispatched it from {to} to {client(seen)}{again}"
        case "acknowledged" if seen.automatic:
            return f"acknowledged it on {to} by itself for {client(seen)}"
        case "acknowledged":
            open_ = f" in transaction {seen.transaction}" if seen.transaction else ""
            return f"{client(seen)} acknowledged it on {to}{open_}"
        case "rejected":
            return f"{client(seen)} rejected it on {to}{why}"
    return f"{seen.event} on {to}{why}"


def _message(seen: MessageSeen) -> Description:
    fault = seen.event in ("rejected", "expired", "dead-lettered", "discarded") or (seen.event == "sent" and seen.why)
    return seen.broker, f"message {seen.message}: {event(seen)}", Weight.FAULT if fault else Weight.PLAIN


def _transaction(seen: TransactionEnded) -> Description:
    return (
        seen.broker,
        f"transaction {seen.transaction} {'committed' if seen.committed else 'rolled back'}",
        Weight.PLAIN,
    )


WORDS: Words = {
    ObserverChanged: _observer,
    ConnectionSeen: _connection,
    ConsumerSeen: _consumer,
    MessageSeen: _message,
    TransactionEnded: _transaction,
}
