"""Rows of observations of clients and their messages."""

from __future__ import annotations

from collections.abc import Mapping

from lab.base.units import several
from lab.history import (
    Achieved,
    Acknowledged,
    Answered,
    Approached,
    Browsed,
    ClientChanged,
    Paced,
    Publishing,
    Received,
    Replied,
    SendOutcome,
    Sent,
    Settled,
    Subscribed,
    Unsubscribed,
)
from lab.report.rows.row import Description, Weight, Words


def _subscribed(start: Subscribed) -> Description:
    what = f"subscribed to {start.destination} at {start.broker} over {start.over}"
    what += ", durable" if start.durable else ""
    what += f", where {start.selector}" if start.selector is not None else ""
    what += f", acknowledging by {start.ack}" if start.ack != "auto" else ""
    return start.client, what, Weight.PLAIN


def _approached(attempt: Approached) -> Description:
    doing = f" to {attempt.what} {attempt.destination}" if attempt.destination else " to connect"
    note = f" ({attempt.note})" if attempt.note else ""
    what = f"tried{doing} at {attempt.broker} over {attempt.over}: {attempt.outcome} after {attempt.took:.3g} s{note}"
    return attempt.client, what, Weight.PLAIN if attempt.outcome == "ok" else Weight.FAULT


def _unsubscribed(end: Unsubscribed) -> Description:
    return end.client, f"ended its subscription to {end.destination} at {end.broker}", Weight.PLAIN


def _client(change: ClientChanged) -> Description:
    what = _CAME_OR_WENT.get(change.state, change.state) + f" {change.broker}"
    note = f": {change.note}" if change.note else ""
    well = change.state in ("disconnected", "returned", "listening")
    return change.client, what + note, Weight.PLAIN if well else Weight.FAULT


_CAME_OR_WENT: Mapping[str, str] = {
    "disconnected": "disconnected from",
    "lost": "lost its connection to",
    "refused": "could not reconnect to",
    "gave-up": "gave up reconnecting to",
    "returned": "is connected again to",
    "listening": "still listens at",
}


def _publishing(start: Publishing) -> Description:
    kept = "persistent" if start.persistent else "not persistent"
    kept += ", retained" if start.retained else ""
    kept += f", group {start.group}" if start.group is not None else ""
    kept += f", priority {start.priority}" if start.priority is not None else ""
    kept += f", over after {start.expiry_s:g} s" if start.expiry_s is not None else ""
    kept += f", with {', '.join(f'{name} {value}' for name, value in start.headers.items())}" if start.headers else ""
    differ = "differs or is" if len(start.varying) == 1 else "differ or are"
    kept += f", whose {', '.join(start.varying)} {differ} secret" if start.varying else ""
    count = "messages" if start.count is None else several(start.count, "message")
    kept += f", answers to a {start.reply_to} queue" if start.reply_to else ""
    step = start.part_of or start.step
    client = "" if start.client == f"step-{step}" else f", as client {start.client}"
    what = f"publishes {count} to {start.destination} at {start.broker} over {start.over}, {kept}{client}"
    part = f", ids {start.step}-…" if start.part_of is not None else ""
    return f"step {step}", what + part, Weight.PLAIN


def _sent(sent: Sent) -> Description:
    return f"step {sent.id.partition('-')[0]}", f"sent {sent.id}", Weight.PLAIN


def _acknowledged(ack: Acknowledged) -> Description:
    return (
        f"step {ack.id.partition('-')[0]}",
        f"{OUTCOMES[ack.outcome]} {ack.id}" + (f" ({ack.note})" if ack.note else ""),
        Weight.PLAIN if ack.outcome is SendOutcome.OK else Weight.FAULT,
    )


OUTCOMES: Mapping[SendOutcome, str] = {
    SendOutcome.OK: "accepted by the broker:",
    SendOutcome.FAILED: "refused by the broker:",
    SendOutcome.UNKNOWN: "unknown, as no acknowledgement came:",
}


def _received(arrival: Received) -> Description:
    what = arrival.id if arrival.id is not None else f"a body with digest {arrival.digest}"
    return arrival.client, f"received {what} from {arrival.destination}{marks(arrival)}", Weight.PLAIN


def marks(arrival: Received) -> str:
    """Return the broker's flags of a received message in words; "" if it has none."""
    said = (", retained" if arrival.retained else "") + (", marked as redelivered" if arrival.redelivered else "")
    return said + (", to be acknowledged" if arrival.pending else "")


def _settled(ack: Settled) -> Description:
    message = ack.id if ack.id is not None else f"a body with digest {ack.digest}"
    if ack.outcome is SendOutcome.OK:
        return ack.client, f"acknowledged {message} from {ack.destination}", Weight.PLAIN
    how = "the broker refused it" if ack.outcome is SendOutcome.FAILED else "no answer came"
    return ack.client, f"acknowledged {message} from {ack.destination}: {how}", Weight.FAULT


def _paced(pace: Paced) -> Description:
    drawn = "" if pace.drawn_per_s == pace.asked_per_s else f", {pace.drawn_per_s:g} drawn"
    kept = f"{'kept' if pace.held else 'did not keep'} its rate"
    what = f"{kept}: {pace.reached_per_s:g} messages a second reached, {pace.asked_per_s:g} asked{drawn}"
    if pace.late_p99_s is not None and pace.late_p50_s is not None:
        what += f"; sent late by {1000 * pace.late_p50_s:.3g} ms (p50), {1000 * pace.late_p99_s:.3g} ms (p99)"
    if pace.drift is not None:
        what += f", drift {pace.drift:.2%}"
    return f"step {pace.step}", what, Weight.PLAIN if pace.held else Weight.FAULT


def _answered(reply: Answered) -> Description:
    return f"step {reply.id.partition('-')[0]}", f"got the answer to {reply.id}", Weight.PLAIN


def _replied(reply: Replied) -> Description:
    return answer(reply, reply.id)


def answer(reply: Replied, which: str) -> Description:
    """Return the outcome of one answer, or of several alike; `which` names the requests."""
    note = f" ({reply.note})" if reply.note else ""
    weight = Weight.PLAIN if reply.outcome is SendOutcome.OK else Weight.FAULT
    return reply.client, f"answered {which}, {OUTCOMES[reply.outcome].rstrip(':')}{note}", weight


def _browsed(seen: Browsed) -> Description:
    number = len(seen.ids) + seen.others
    shown = f": {', '.join(seen.ids[:_SHOWN])}{' …' if len(seen.ids) > _SHOWN else ''}" if seen.ids else ""
    counted = f" of {seen.waiting}" if (seen.waiting or 0) > number else ""
    what = f"saw {several(number, 'message')}{counted} in {seen.destination} at {seen.broker} over {seen.over}{shown}"
    return seen.client, what if seen.ended else f"{what}; the broker did not confirm that this was all", Weight.PLAIN


_SHOWN = 5  # ids


def _achieved(seen: Achieved) -> Description:
    done = "were accepted" if seen.did == "sent" else "were taken"
    asked = "" if seen.asked is None else f" of {seen.asked} asked"
    least = "" if seen.least is None else f", at least {seen.least} needed"
    early = ", and it ended too early" if seen.early else ""
    well = not seen.early and seen.done >= (seen.asked or 0)
    return f"step {seen.step}", f"{seen.done}{asked} {done}{least}{early}", Weight.PLAIN if well else Weight.FAULT


WORDS: Words = {
    Subscribed: _subscribed,
    Approached: _approached,
    Unsubscribed: _unsubscribed,
    ClientChanged: _client,
    Publishing: _publishing,
    Sent: _sent,
    Acknowledged: _acknowledged,
    Received: _received,
    Settled: _settled,
    Paced: _paced,
    Achieved: _achieved,
    Browsed: _browsed,
    Answered: _answered,
    Replied: _replied,
}
