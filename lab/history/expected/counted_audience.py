"""The receivers of messages, with a running count of messages accepted and not received, by flags or by numbers."""

from __future__ import annotations

from collections import Counter

from lab.activemq.matching import MOST_MESSAGES

ACCEPTED, RECEIVED = 1, 2
_AHEAD = 1_000  # marks that are made at once


class Audience:
    """The receivers of a message: one subscription of a topic, or all subscriptions of a queue, which share it."""

    def __init__(self, destination: str) -> None:
        self.destination = destination
        self.brokers: dict[str, str] = {}  # by client that is subscribed, also while its broker keeps that
        self.away: set[str] = set()  # of these clients, those not connected
        self.durable: set[str] = set()
        self.selectors: dict[str, str | None] = {}  # by client
        self.pending: dict[str, list[tuple[str, int]]] = {}  # by client: (step, number) received and not acknowledged
        self.marks: dict[str, bytearray] = {}  # by step whose messages carry their id: flags by number
        self.begins: dict[str, int] = {}  # by step that was sending before the subscription: the first number expected
        self.blocked: set[str] = set()  # steps whose messages none of a queue's consumers takes, as they are now
        self.retained: Counter[str] = Counter()  # ids or digests of retained messages to be given at the subscription
        self.missing = 0  # messages accepted and not received
        self.accepted = 0  # messages with a given body, which are only counted
        self.received = 0
        self.doubtful = False  # whether the acceptance of a given body is unknown: then counting cannot decide
        self.digests: Counter[str] = Counter()

    @property
    def complete(self) -> bool:
        """Return whether all expected messages have come."""
        if self.brokers.keys() <= self.away:
            return True
        missing = self.missing and self.missing - sum(self.marks[step].count(ACCEPTED) for step in self.blocked)
        if missing or self.retained:
            return False
        return self.accepted <= self.received and not (self.doubtful and self.accepted)

    def mark_received(self, step: str, number: int, *, grows: bool) -> None:
        """Note that a message has been received."""
        if (marks := self.marks.get(step)) is None:
            return
        if len(marks) <= number <= MOST_MESSAGES and grows:
            extend(marks, number)
        if number < len(marks):
            mark = marks[number]
            self.missing -= mark == ACCEPTED
            marks[number] = mark | RECEIVED

    def give_back(self, client: str) -> None:
        """Count the messages that a client has not acknowledged as expected again."""
        for step, number in self.pending.pop(client, ()):
            marks = self.marks.get(step)
            if marks is not None and number < len(marks) and marks[number] & RECEIVED:
                marks[number] &= ~RECEIVED
                self.missing += marks[number] == ACCEPTED


def extend(marks: bytearray, number: int) -> None:
    """Extend the marks to a message's number, and those of the next messages."""
    marks.extend(bytes(number + _AHEAD - len(marks)))
