"""Rows of observations of clients and their messages."""

from __future__ import annotations

from collections.abc import Mapping

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
from lab.units import several


def _subscribed(seen: Subscribed) -> Description:
    what = f"subscribed to {seen.destination} at {seen.broker} over {seen.over}"
    what += ", durable" if seen.durable else ""
    what += f", where {seen.selector}" if seen.selector is not None else ""
    what += f", acknowledging by {seen.ack}" if seen.ack != "auto" else ""
    return seen.client, what, Weight.PLAIN


def _approached(seen: Approached) -> Description:
    doing = f" to {seen.what} {seen.destination}" if seen.destination else " to connect"
    note = f" ({seen.note})" if seen.note else ""
    what = f"tried{doing} at {seen.broker} over {seen.over}: {seen.outcome} after {seen.took:.3g} s{note}"
    return seen.client, what, Weight.PLAIN if seen.outcome == "ok" else Weight.FAULT


def _unsubscribed(seen: Unsubscribed) -> Description:
    return seen.client, f"ended its subscription to {seen.destination} at {seen.broker}", Weight.PLAIN


def _client(seen: ClientChanged) -> Description:
    what = _CAME_OR_WENT.get(seen.state, seen.state) + f" {seen.broker}"
    note = f": {seen.note}" if seen.note else ""
    well = seen.state in ("disconnected", "returned", "listening")
    return seen.client, what + note, Weight.PLAIN if well else Weight.FAULT


_CAME_OR_WENT: Mapping[str, str] = {
    "disconnected": "disconnected from",
    "lost": "lost its connection to",
    "refused": "could not reconnect to",
    "gave-up": "gave up reconnecting to",
    "returned": "is connected again to",
    "listening": "still listens at",
}


def _publishing(seen: Publishing) -> Description:
    kept = "persistent" if seen.persistent else "not persistent"
    kept += ", retained" if seen.retained else ""
    kept += f", group {seen.group}" if seen.group is not None else ""
    kept += f", priority {seen.priority}" if seen.priority is not None else ""
    kept += f", over after {seen.expiry_s:g} s" if seen.expiry_s is not None else ""
    kept += f", with {', '.join(f'{name} {value}' for name, value in seen.headers.items())}" if seen.headers else ""
    differ = "differs or is" if len(seen.varying) == 1 else "differ or are"
    kept += f", whose {', '.join(seen.varying)} {differ} secret" if seen.varying else ""
    count = "messages" if seen.count is None else several(seen.count, "message")
    kept += f", answers to a {seen.reply_to} queue" if seen.reply_to else ""
    step = seen.part_of or seen.step
    client = "" if seen.client == f"step-{step}" else f", as client {seen.client}"
    what = f"publishes {count} to {seen.destination} at {seen.broker} over {seen.over}, {kept}{client}"
    part = f", ids {seen.step}-…" if seen.part_of is not None else ""
    return f"step {step}", what + part, Weight.PLAIN


def _sent(seen: Sent) -> Description:
    return f"step {seen.id.partition('-')[0]}", f"sent {seen.id}", Weight.PLAIN


def _acknowledged(seen: Acknowledged) -> Description:
    return (
        f"step {seen.id.partition('-')[0]}",
        f"{OUTCOMES[seen.outcome]} {seen.id}" + (f" ({seen.note})" if seen.note else ""),
        Weight.PLAIN if seen.outcome is SendOutcome.OK else Weight.FAULT,
    )


OUTCOMES: Mapping[SendOutcome, str] = {
    SendOutcome.OK: "accepted by the broker:",
    SendOutcome.FAILED: "refused by the broker:",
    SendOutcome.UNKNOWN: "unknown, as no acknowledgement came:",
}


def _received(seen: Received) -> Description:
    what = seen.id if seen.id is not None else f"a body with digest {seen.digest}"
    return seen.client, f"received {what} from {seen.destination}{marks(seen)}", Weight.PLAIN


def marks(seen: Received) -> str:
    """Return the broker's flags of a received message in words; "" if it has none."""
    said = (", retained" if seen.retained else "") + (", marked as redelivered" if seen.redelivered else "")
    return said + (", to be acknowledged" if seen.pending else "")


def _settled(seen: Settled) -> Description:
    message = seen.id if seen.id is not None else f"a body with digest {seen.digest}"
    if seen.outcome is SendOutcome.OK:
        return seen.client, f"acknowledged {message} from {seen.destination}", Weight.PLAIN
    how = "the broker refused it" if seen.outcome is SendOutcome.FAILED else "no answer came"
    return seen.client, f"acknowledged {message} from {seen.destination}: {how}", Weight.FAULT


def _paced(seen: Paced) -> Description:
    drawn = "" if seen.drawn_per_s == seen.asked_per_s else f", {seen.drawn_per_s:g} drawn"
    kept = f"{'kept' if seen.held else 'did not keep'} its rate"
    what = f"{kept}: {seen.reached_per_s:g} messages a second reached, {seen.asked_per_s:g} asked{drawn}"
    if seen.late_p99_s is not None and seen.late_p50_s is not None:
        what += f"; sent late by {1000 * seen.late_p50_s:.3g} ms (p50), {1000 * seen.late_p99_s:.3g} ms (p99)"
    if seen.drift is not None:
        what += f", drift {seen.drift:.2%}"
    return f"step {seen.step}", what, Weight.PLAIN if seen.held else Weight.FAULT


def _answered(seen: Answered) -> Description:
    return f"step {seen.id.partition('-')[0]}", f"got the answer to {seen.id}", Weight.PLAIN


def _replied(seen: Replied) -> Description:
    return answer(seen, seen.id)


def answer(seen: Replied, which: str) -> Description:
    """Return what became of one answer, or of several alike; `which` names the requests."""
    note = f" ({seen.note})" if seen.note else ""
    weight = Weight.PLAIN if seen.outcome is SendOutcome.OK else Weight.FAULT
    return seen.client, f"answered {which}, {OUTCOMES[seen.outcome].rstrip(':')}{note}", weight


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
