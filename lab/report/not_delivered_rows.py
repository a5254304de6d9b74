"""The fates of messages that were not delivered, as reports show them: the words of a row, and of all rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lab.judge.not_delivered import PLACED, NotDelivered
from lab.judge.values import Delivery

TITLES = (  # figures of a delivery, with what they are called
    ("waiting", "waiting"),
    ("dead_letters", "dead letters"),
    ("discarded", "discarded"),
    ("expired", "expired"),
    ("unknown", "unknown"),
)


def of_all(rows: Sequence[Delivery]) -> NotDelivered:
    """Return the fates of all messages that were expected and did not come."""
    return NotDelivered.together(row.not_delivered for row in rows)


def told(row: Delivery, name: str, thousands: str = "") -> str:
    """Return a figure of a delivery, with the brokers where the messages are, such as "40 on tokyo"."""
    if name not in PLACED or (name == "expired" and row.over):
        return f"{getattr(row, name):{thousands}}"
    return NotDelivered.together((row.not_delivered, row.kept)).at(name, thousands)


def became(row: Delivery) -> str:
    """Return the fates of all missing messages of a delivery: expected ones, or perhaps kept for its subscriber."""
    return NotDelivered.together((row.not_delivered, row.kept)).words()


def arrived(row: Delivery) -> str:
    """Return how many messages arrived, and the fates of the others."""
    words = f"{row.received} of {row.expected}"
    return f"{words}, {row.not_delivered.words()}" if row.not_delivered.total else words


def read(deliveries: Sequence[Mapping[str, Any]]) -> NotDelivered:
    """Return the fates of all messages by the deliveries of a `report.json`."""
    return NotDelivered.together(NotDelivered(**each["not_delivered"]) for each in deliveries)
