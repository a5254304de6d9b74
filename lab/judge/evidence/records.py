"""What the ledger writes down: publications, subscriptions, and what of one reached the other, in arrays of numbers."""

from __future__ import annotations

from array import array
from math import inf, nan

from lab.errors import InputError
from lab.history import Publishing
from lab.matching import MOST

UNKNOWN, OK, FAILED = 0, 1, 2


class Publication:
    """All messages of one publish step, or of traffic, numbered from 1."""

    __slots__ = (
        "broker",
        "client",
        "count",
        "destination",
        "digests",
        "expiry",
        "first",
        "group",
        "grows",
        "headers",
        "last",
        "outcomes",
        "over",
        "partial",
        "persistent",
        "place",
        "priority",
        "retained",
        "sent_at",
        "step",
    )  # fmt: skip

    def __init__(self, common: Publishing) -> None:
        count = common.count or 0
        if not 0 <= count <= MOST:
            raise damaged(f"step {common.step} publishes {count} messages")
        self.step = common.step
        self.place = common.place
        self.grows = common.count is None
        self.client = common.client
        self.broker = common.broker
        self.over = common.over
        self.destination = common.destination
        self.persistent, self.retained = common.persistent, common.retained
        self.headers, self.group, self.priority = common.headers, common.group, common.priority
        self.expiry = common.expiry_s
        self.count = count
        self.sent_at = array("d", [nan]) * (count + 1)
        self.outcomes = bytearray(count + 1)
        self.last = 0  # the highest number sent
        self.first = 1  # the lowest number sent in the stretch that is asked about
        self.partial = False  # there may be messages whose sending is not in the history any more
        self.digests: array[int] | None = None  # per number, where bodies carry no id

    def id(self, number: int) -> str:
        """Return the id of a message."""
        return f"{self.step}-{number}"

    def named(self, number: int) -> str:
        """Return the id of a message, with the step it is of where the id does not say that."""
        return f"{self.id(number)} (step {self.place})" if self.place else self.id(number)

    def grow(self, number: int) -> None:
        """Make room up to a message's number, where their number was not known before."""
        while self.count < number:
            self.count += 1
            self.sent_at.append(nan)
            self.outcomes.append(UNKNOWN)
            if self.digests is not None:
                self.digests.append(-1)


class Receipts:
    """What one subscription received of one publication."""

    __slots__ = ("again", "disorder", "first_at", "redelivered", "reordered", "retained", "times", "top")

    def __init__(self, count: int, top: list[int]) -> None:
        self.times = array("I", bytes(4 * (count + 1)))
        self.first_at = array("d", bytes(8 * (count + 1)))  # means something where times > 0
        self.top = top  # the latest position received of this producer, shared by its publications
        self.reordered = 0
        self.disorder: tuple[int, int] | None = (
            None  # the first message that came too late, and the place it came after
        )
        self.again: tuple[int, float] | None = None  # the first surplus receipt
        self.retained: dict[int, int] = {}  # by number: how often the broker said that it had kept it
        self.redelivered: dict[int, int] = {}  # by number: how often it came again by right

    def out_of_order(self, number: int) -> None:
        """Count a first receipt that came after a message which its producer sent later."""
        self.reordered += 1
        if self.disorder is None:
            self.disorder = (number, self.top[0])

    def add(self, number: int, moment: float, retained: bool, by_right: bool = False) -> bool:
        """Count a receipt, and tell whether it is the message's first."""
        try:
            before = self.times[number]
        except IndexError:  # the publication has grown
            self.reach(number)
            before = 0
        self.times[number] = before + 1
        if retained:
            self.retained[number] = self.retained.get(number, 0) + 1
        if by_right:
            self.redelivered[number] = self.redelivered.get(number, 0) + 1
        if before:
            if self.again is None and not by_right and not retained:
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
        "alive",
        "away",
        "begin",
        "breaks",
        "broker",
        "client",
        "cut_off",
        "deaf_since",
        "destination",
        "digest_retained",
        "digest_times",
        "digests",
        "doubtful",
        "durable",
        "over",
        "pending",
        "pending_digests",
        "receipts",
        "receipts_in_all",
        "returned",
        "selector",
        "starts",
        "strange",
        "strange_first",
        "tops",
        "windows",
    )  # fmt: skip

    def __init__(self, client: str, destination: str, begin: float = -inf) -> None:
        self.begin = begin  # of the stretch that is asked about
        self.client = client
        self.destination = destination
        self.broker = ""
        self.over = ""
        self.durable = False
        self.selector: str | None = None
        self.windows: list[tuple[float, float]] = []
        self.starts = 0  # how often a broker accepted it
        self.away: list[tuple[float, float]] = []  # of a durable one: from when until when nobody was there
        self.cut_off: list[tuple[float, float]] = []  # of one that is not: without a connection, not of its own will
        self.breaks: list[float] = []  # when its connection ended, however it came
        self.pending: dict[int, None] = {}  # positions of messages that it has not acknowledged
        self.pending_digests: list[int] = []
        self.returned = 0  # receipts that were given back
        self.deaf_since = inf  # when its connection went, not of its own will
        self.alive = inf  # of a lab that stands: until when its program is known to have run
        self.receipts: dict[int, Receipts] = {}  # by step
        self.receipts_in_all = 0
        self.strange = 0  # receipts that no publication of this run explains
        self.strange_first: float | None = None
        self.tops: dict[tuple[str, str], list[int]] = {}
        self.digests = array("q")  # receipts still to be matched
        self.digest_times = array("d")
        self.digest_retained = bytearray()
        self.doubtful: set[int] = set()  # positions of messages whose body may be that of one before the stretch

    def of(self, publication: Publication) -> Receipts:
        """Return the receipts of a publication, made at its first one."""
        receipts = self.receipts.get(publication.step)
        if receipts is None:
            top = self.tops.setdefault((publication.client, publication.destination), [0])
            receipts = self.receipts[publication.step] = Receipts(publication.count, top)
        return receipts

    def surprise(self, moment: float) -> None:
        """Count a receipt that no publication of this run explains."""
        if moment < self.begin:
            return
        self.strange += 1
        if self.strange_first is None:
            self.strange_first = moment

    @property
    def until(self) -> float:
        """Return the moment it stopped listening; infinity while it listens."""
        return max((end for _, end in self.windows), default=inf)

    @property
    def heard_until(self) -> float:
        """Return the moment from which its silence says nothing: it stopped, lost its connection, or was not seen."""
        return min(self.until, self.deaf_since, self.alive)


def is_queue(destination: str) -> bool:
    """Return whether it is a queue."""
    return destination.startswith("queue://")


def damaged(what: str) -> InputError:
    """Make the error of a history that no run wrote."""
    return InputError.of(f"the history is not as a run writes it: {what}", "judge the file as it was written")
