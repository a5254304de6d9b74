"""The clients' own ledger: every send, its outcome, and every receipt, in arrays of numbers.

It only writes down; `audiences` says what was owed to whom. A message costs about 9 bytes, and 12 per subscriber.
"""

from __future__ import annotations

from array import array
from math import inf, nan

from lab.errors import InputError
from lab.history import Acknowledged, Publishing, Received, SendOutcome, Sent, Subscribed, Unsubscribed

UNKNOWN, OK, FAILED = 0, 1, 2
_OUTCOMES = {SendOutcome.UNKNOWN: UNKNOWN, SendOutcome.OK: OK, SendOutcome.FAILED: FAILED}
_ACCEPTED = SendOutcome.OK
MOST = 10_000_000  # messages of one publish step, as a scenario allows
_DIGITS = 9  # int() refuses numbers of thousands of digits


class Publication:
    """All messages of one publish step, or of traffic, numbered from 1."""

    __slots__ = (
        "broker", "client", "count", "destination", "digests", "grows", "last", "outcomes", "place", "sent_at", "step",
    )  # fmt: skip

    def __init__(self, common: Publishing) -> None:
        count = common.count or 0
        if not 0 <= count <= MOST:
            raise _damaged(f"step {common.step} publishes {count} messages")
        self.step = common.step
        self.place = common.place
        self.grows = common.count is None
        self.client = common.client
        self.broker = common.broker
        self.destination = common.destination
        self.count = count
        self.sent_at = array("d", [nan]) * (count + 1)
        self.outcomes = bytearray(count + 1)
        self.last = 0  # the highest number sent
        self.digests: array[int] | None = None  # per number, where bodies carry no id

    def id(self, number: int) -> str:
        """Give the id of a message."""
        return f"{self.step}-{number}"

    def named(self, number: int) -> str:
        """Give the id of a message, with the step it is of where the id does not say that."""
        return f"{self.id(number)} (step {self.place})" if self.place else self.id(number)

    def grow(self) -> None:
        """Make room for one message more, where their number was not known before."""
        self.count += 1
        self.sent_at.append(nan)
        self.outcomes.append(UNKNOWN)
        if self.digests is not None:
            self.digests.append(-1)


class Receipts:
    """What one subscription received of one publication."""

    __slots__ = ("again", "disorder", "first_at", "reordered", "retained", "times", "top")

    def __init__(self, count: int, top: list[int]) -> None:
        self.times = array("I", bytes(4 * (count + 1)))
        self.first_at = array("d", bytes(8 * (count + 1)))  # means something where times > 0
        self.top = top  # the latest position received of this producer, shared by its publications
        self.reordered = 0
        self.disorder: tuple[int, int] | None = (
            None  # the first message that came too late, and the place it came after
        )
        self.again: tuple[int, float] | None = None  # the first surplus receipt
        self.retained: set[int] = set()

    def out_of_order(self, number: int) -> None:
        """Count a first receipt that came after a message which its producer sent later."""
        self.reordered += 1
        if self.disorder is None:
            self.disorder = (number, self.top[0])

    def add(self, number: int, moment: float, retained: bool) -> bool:
        """Count a receipt, and tell whether it is the message's first."""
        try:
            before = self.times[number]
        except IndexError:  # the publication has grown
            self.reach(number)
            before = 0
        self.times[number] = before + 1
        if retained:
            self.retained.add(number)
        if before:
            if self.again is None:
                self.again = (number, moment)
            return False
        self.first_at[number] = moment
        return True

    def reach(self, number: int) -> None:
        """Make room up to a message's number."""
        more = number + 1 - len(self.times)
        if more > 0:
            self.times.frombytes(bytes(self.times.itemsize * more))
            self.first_at.frombytes(bytes(self.first_at.itemsize * more))


class Subscription:
    """One client's subscription to one destination, over all the times it was made and ended."""

    __slots__ = (
        "broker", "client", "deaf_since", "destination", "digest_retained", "digest_times", "digests", "receipts",
        "receipts_in_all", "strange", "strange_first", "tops", "windows",
    )  # fmt: skip

    def __init__(self, client: str, destination: str) -> None:
        self.client = client
        self.destination = destination
        self.broker = ""
        self.windows: list[tuple[float, float]] = []
        self.deaf_since = inf  # when its connection went, not of its own will
        self.receipts: dict[int, Receipts] = {}  # by step
        self.receipts_in_all = 0
        self.strange = 0  # receipts that no publication of this run explains
        self.strange_first: float | None = None
        self.tops: dict[tuple[str, str], list[int]] = {}
        self.digests = array("q")  # receipts still to be matched
        self.digest_times = array("d")
        self.digest_retained = bytearray()

    def of(self, publication: Publication) -> Receipts:
        """Give the receipts of a publication, made at its first one."""
        receipts = self.receipts.get(publication.step)
        if receipts is None:
            top = self.tops.setdefault((publication.client, publication.destination), [0])
            receipts = self.receipts[publication.step] = Receipts(publication.count, top)
        return receipts

    def surprise(self, moment: float) -> None:
        """Count a receipt that no publication of this run explains."""
        self.strange += 1
        if self.strange_first is None:
            self.strange_first = moment

    @property
    def until(self) -> float:
        """Give the moment it stopped listening; infinity while it listens."""
        return max((end for _, end in self.windows), default=inf)

    @property
    def heard_until(self) -> float:
        """Give the moment from which its silence says nothing: it stopped listening, or its connection went."""
        return min(self.until, self.deaf_since)


class Ledger:
    """Who sent what and who received it."""

    def __init__(self) -> None:
        self.publications: dict[str, Publication] = {}  # by step, as ids write it
        self.subscriptions: dict[tuple[str, str], Subscription] = {}  # by client and destination
        self._digests: dict[str, int] = {}

    def subscribed(self, seen: Subscribed) -> None:
        """Open a subscription, or open it again."""
        subscription = self._subscription(seen.client, seen.destination)
        subscription.broker = seen.broker
        subscription.deaf_since = inf
        if not subscription.windows or subscription.windows[-1][1] != inf:
            subscription.windows.append((seen.t, inf))

    def unsubscribed(self, seen: Unsubscribed) -> None:
        """End a subscription."""
        windows = self._subscription(seen.client, seen.destination).windows
        if windows and windows[-1][1] == inf:
            windows[-1] = (windows[-1][0], seen.t)

    def deaf(self, client: str, t: float) -> None:
        """Note that a client's connection has gone: it may be owed messages still, but its silence says nothing."""
        for subscription in self.subscriptions.values():
            if subscription.client == client and subscription.windows and subscription.windows[-1][1] == inf:
                subscription.deaf_since = min(subscription.deaf_since, t)

    def publishing(self, seen: Publishing) -> None:
        """Begin a publication."""
        self.publications[str(seen.step)] = Publication(seen)

    def sent(self, seen: Sent) -> None:
        """Write a message down."""
        publication, number = self._message(seen.id, new=True)
        publication.sent_at[number] = seen.t
        if number > publication.last:
            publication.last = number
        if seen.digest is not None:
            if publication.digests is None:
                publication.digests = array("q", [-1]) * (publication.count + 1)
            publication.digests[number] = self._digests.setdefault(seen.digest, len(self._digests))

    def acknowledged(self, seen: Acknowledged) -> None:
        """Write an outcome down; the last word counts, but acceptance is never taken back."""
        publication, number = self._message(seen.id)
        if seen.outcome is _ACCEPTED:  # an enumeration's hash costs more than all the rest of this
            publication.outcomes[number] = OK
        elif publication.outcomes[number] != OK:
            publication.outcomes[number] = _OUTCOMES[seen.outcome]

    def received(self, seen: Received) -> None:
        """Write a receipt down."""
        subscription = self.subscriptions.get((seen.client, seen.destination))
        if subscription is None:  # a broker may deliver before it says that it subscribed us
            subscription = self._subscription(seen.client, seen.destination)
        subscription.receipts_in_all += 1
        if seen.id is None:
            digest = None if seen.digest is None else self._digests.get(seen.digest)
            if digest is None:
                subscription.surprise(seen.t)
            else:
                subscription.digests.append(digest)
                subscription.digest_times.append(seen.t)
                subscription.digest_retained.append(seen.retained)
            return
        step, _, text = seen.id.partition("-")
        publication = self.publications.get(step)
        if (
            publication is None
            or not text.isdecimal()
            or len(text) > _DIGITS
            or not 1 <= (number := int(text)) <= publication.count
        ):
            subscription.surprise(seen.t)
            return
        receipts = subscription.receipts.get(publication.step) or subscription.of(publication)
        if receipts.add(number, seen.t, seen.retained):
            position = (publication.step << 32) + number
            if position < receipts.top[0]:
                receipts.out_of_order(number)
            else:
                receipts.top[0] = position

    def level(self) -> None:
        """Make room in all receipts for all messages, when no more will come."""
        for subscription in self.subscriptions.values():
            for step, receipts in subscription.receipts.items():
                receipts.reach(self.publications[str(step)].count)

    def _subscription(self, client: str, destination: str) -> Subscription:
        return self.subscriptions.setdefault((client, destination), Subscription(client, destination))

    def _message(self, id: str, *, new: bool = False) -> tuple[Publication, int]:
        step, _, text = id.partition("-")
        publication = self.publications.get(step)
        if publication is None or not text.isdecimal() or len(text) > _DIGITS:
            raise _unannounced(id)
        number = int(text)
        if not 1 <= number <= publication.count:
            if not (new and publication.grows and number == publication.count + 1 <= MOST):
                raise _unannounced(id)
            publication.grow()
        return publication, number


def is_queue(destination: str) -> bool:
    """Tell whether it is a queue."""
    return destination.startswith("queue://")


def _damaged(what: str) -> InputError:
    return InputError.of(f"the history is not as a run writes it: {what}", "judge the file as it was written")


def _unannounced(id: str) -> InputError:
    return _damaged(f"it has a send {id!r} that no step announced")
