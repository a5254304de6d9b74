"""The headers of STOMP frames: those that a client sends, and the properties that a MESSAGE shows. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from lab.clients.destination_names import of_stomp
from lab.runtime.messages import Outgoing, Shown, Terms

DURABLE = "activemq.subscriptionName"
_MOST_DIGITS = 16  # no broker writes a longer number
SET_FOR_MQTT = "ActiveMQ.MQTT."  # how the properties begin that ActiveMQ adds to a message that came over MQTT
_NOT_THE_SENDERS = frozenset({  # headers of a MESSAGE that are the protocol's, or have a field of their own in Shown
    "destination", "message-id", "subscription", "timestamp", "expires", "priority", "persistent", "redelivered",
    "content-length", "ack", "receipt", "browser", "retain", "JMSXGroupID", "JMSXUserID", "original-destination",
})  # fmt: skip


def of_subscription(terms: Terms) -> dict[str, str]:
    """Return the terms of a subscription as headers of ActiveMQ's STOMP."""
    headers = of_durable(terms) if terms.durable else {}
    if terms.selector is not None:
        headers["selector"] = terms.selector
    if terms.prefetch is not None:
        headers["activemq.prefetchSize"] = str(terms.prefetch)
    return headers


def of_durable(terms: Terms) -> dict[str, str]:
    """Return the header that names a durable subscription."""
    return {DURABLE: terms.destination.name}


def of_message(message: Outgoing, now: float) -> dict[str, str]:
    """Return a SEND's headers without destination; expiry counts from `now`, in seconds of the broker's clock."""
    id, _, _, own, _, persistent, _, expiry, group, priority, reply_to, *_ = message  # noqa: A001 (its name everywhere)
    headers = {"receipt": id, **own}
    if persistent:
        headers["persistent"] = "true"  # ActiveMQ's STOMP is non-persistent without it
    if expiry is not None:
        headers["expires"] = str(int((now + expiry) * 1000))  # a point in time, not a duration
    if group is not None:
        headers["JMSXGroupID"] = group
    if reply_to is not None:
        headers["reply-to"] = reply_to
    if priority is not None:
        headers["priority"] = str(priority)
    return headers


def of_whole(headers: Mapping[str, str], now: float, *, typed: bool) -> Shown | None:
    """Return the properties of a MESSAGE; None if it names no destination. `now` is in seconds of the broker's clock.

    ActiveMQ writes the length only of a BytesMessage (`LegacyFrameTranslator`, 5.18.3); a simulated frame of none.
    """
    sent_to = of_stomp(headers.get("destination"))
    if sent_to is None:
        return None
    sent, ends = _number(headers.get("timestamp")) / 1000, _number(headers.get("expires")) / 1000
    return Shown(
        sent_to,
        {
            name: value
            for name, value in headers.items()
            if name not in _NOT_THE_SENDERS and not name.startswith(SET_FOR_MQTT)
        },
        persistent=headers.get("persistent") == "true",
        priority=_number(headers.get("priority")),
        expiry=round(max(ends - (sent or now), 0.001), 3) if ends else None,
        group=headers.get("JMSXGroupID"),
        type="text" if typed and "content-length" not in headers else "bytes",
        id=headers.get("message-id"),
    )


def _number(text: str | None) -> int:
    """Return a header's number; 0 if it has none."""
    return int(text) if text is not None and len(text) < _MOST_DIGITS and text.isascii() and text.isdigit() else 0


def is_text(body: bytes) -> bool:
    """Return whether a body is UTF-8."""
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True
