"""Records of messages: publications, subscriptions and arrivals, in arrays by message number."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Set
from math import inf, nan
from typing import Any

from lab.activemq.matching import MOST_MESSAGES
from lab.errors import InputError
from lab.history import Publishing

UNKNOWN, OK, FAILED = 0, 1, 2
PROVEN, PERHAPS = 1, 2  # by somebody's arrival, or by that of an equal body


class Publication:
    """All messages of one publish or traffic step, numbered from 1."""

    __slots__ = (
        "broker",
        "client",
        "count",
        "destination",
        "digests",
        "empty",
        "ends",
        "expiry",
        "first",
        "group",
        "grows",
        "headers",
        "last",
        "names",
        "outcomes",
        "over",
        "part_of",
        "partial",
        "perhaps_empty",
        "persistent",
        "place",
        "priority",
        "proven",
        "reply_to",
        "retained",
        "sent_at",
        "shortest_life",
        "step",
        "varying",
    )

    def __init__(self, common: Publishing) -> None:
        count = common.count or 0
        if not 0 <= count <= MOST_MESSAGES:
            raise damaged(f"step {common.step} publishes {count} messages")
        self.step = common.step
        self.place = common.place
        self.part_of = common.step if common.part_of is None else common.part_of  # the step that sends them
        self.grows = common.count is None
        self.client = common.client
        self.broker = common.broker
        self.over = common.over
        self.destination = common.destination
        self.persistent, self.retained = common.persistent, common.retained
        self.headers, self.group, self.priority = common.headers, common.group, common.priority
        self.varying = common.varying
        self.expiry = common.expiry_s
        self.shortest_life = common.expiry_s  # seconds, where a broker may let it be over sooner; None: for ever
        self.reply_to = common.reply_to
        self.count = count
        self.sent_at = array("d", [nan]) * (count + 1)
        self.outcomes = bytearray(count + 1)
        self.last = 0  # the highest number sent
        self.first = 1  # the lowest number sent in the interval that is judged
        self.proven = bytearray()  # by number, once known: whether somebody received it, so that a broker accepted it
        self.partial = False  # some sends may have been left out of the history
        self.empty: set[int] = set()  # of a retained one: the messages without a body, which delete what is retained
        self.perhaps_empty: set[int] = set()  # of a retained one: the messages of which no event shows whether they are
        self.digests: array[int] | None = None  # by number, if bodies carry no id; -1 is none
        self.ends: Mapping[int, tuple[Any, ...]] = {}  # by number: ends of messages whose time was over, as observed
        self.names: Mapping[int, str] = {}  # by number: ActiveMQ's message ids, of messages that an application sent

    def id(self, number: int) -> str:
        """Return the id of a message."""
        return f"{self.step}-{number}"

    def known_as(self, number: int) -> str:
        """Return the id of a message for people: ActiveMQ's id for an application's message, or the lab's id."""
        return self.names.get(number) or self.id(number)

    def named(self, number: int) -> str:
        """Return the id of a message with the place of its step, or ActiveMQ's id of an application's message."""
        if number in self.names:
            return self.names[number]
        return f"{self.id(number)} (step {self.place})" if self.place else self.id(number)

    def accepted(self, number: int) -> bool:
        """Return whether a broker accepted a message, as an acknowledgement or an arrival shows."""
        return self.outcomes[number] == OK or bool(self.proven and self.proven[number] == PROVEN)

    def withdraw(self, number: int) -> None:
        """Count a message as not sent: it was refused, and is another one since it was sent again."""
        self.sent_at[number], self.outcomes[number] = nan, UNKNOWN

    def first_accepted(self) -> int | None:
        """Return the number of the first message that a broker accepted in the judged interval; None without one."""
        found = (column.find(sign, self.first) for column, sign in ((self.outcomes, OK), (self.proven, PROVEN)))
        return min((number for number in found if number >= 0), default=None)

    def grow(self, number: int) -> None:
        """Make room up to a message's number, for a publication whose count is not known in advance."""
        while self.count < number:
            self.count += 1
            self.sent_at.append(nan)
            self.outcomes.append(UNKNOWN)
            if self.digests is not None:
                self.digests.append(-1)


class Arrivals:
    """The arrivals of one subscription from one publication."""

    __slots__ = (
        "aside",
        "disorder",
        "first_at",
        "first_duplicate",
        "redelivered",
        "reordered",
        "retained",
        "times",
        "top",
    )

    def __init__(self, count: int, top: list[int]) -> None:
        self.times = array("I", bytes(4 * (count + 1)))
        self.first_at = array("d", bytes(8 * (count + 1)))  # seconds; valid where times > 0
        self.top = top  # the highest position received from this producer, shared by its publications
        self.reordered = 0
        self.aside = 0  # out of the order of sending, as they had been given back
        self.disorder: tuple[int, int] | None = None  # the first message out of order, and the position it came after
        self.first_duplicate: tuple[int, float] | None = None  # number and moment of the first duplicate
        self.retained: dict[int, int] = {}  # by number: arrivals marked as retained
        self.redelivered: dict[int, int] = {}  # by number: arrivals beyond the first that the broker may rightly make

    def count_out_of_order(self, number: int, after: int) -> None:
        """Count a first arrival that came after a later message of the same producer, at the position `after`."""
        self.reordered += 1
        if self.disorder is None:
            self.disorder = (number, after)

    def add(self, number: int, moment: float, retained: bool, by_right: bool = False) -> bool:
        """Count an arrival, and return whether it is the message's first.

        `by_right` marks an arrival that is no duplicate even if it is not the first.
        """
        try:
            before = self.times[number]
        except IndexError:  # the publication has grown
            self.grow(number)
            before = 0
        self.times[number] = before + 1
        if retained:
            self.retained[number] = self.retained.get(number, 0) + 1
        if by_right:
            self.redelivered[number] = self.redelivered.get(number, 0) + 1
        if before:
            if self.first_duplicate is None and not by_right and not retained:
                self.first_duplicate = (number, moment)
            return False
        self.first_at[number] = moment
        return True

    def grow(self, number: int) -> None:
        """Make room up to a message's number."""
        more = number + 1 - len(self.times)
        if more > 0:
            self.times.frombytes(bytes(self.times.itemsize * more))
            self.first_at.frombytes(bytes(self.first_at.itemsize * more))


class Subscription:
    """One client's subscription to one destination, through all the times it was made and ended."""

    __slots__ = (
        "acknowledges",
        "alive",
        "arrivals",
        "arrivals_in_all",
        "away",
        "begin",
        "breaks",
        "broker",
        "brokers",
        "client",
        "cut_off",
        "destination",
        "digest_redelivered",
        "digest_retained",
        "digest_times",
        "digests",
        "disconnected_since",
        "dispatched",
        "doubtful",
        "durable",
        "first_unexplained",
        "given_back",
        "hears_own",
        "left",
        "over",
        "parallel",
        "pending",
        "pending_digest_times",
        "pending_digests",
        "returned",
        "returned_digests",
        "selector",
        "stacked",
        "starts",
        "tops",
        "unconfirmed",
        "unexplained",
        "windows",
        "withholds",
    )

    def __init__(self, client: str, destination: str, begin: float = -inf) -> None:
        self.begin = begin  # of the interval that is judged, in seconds
        self.client = client
        self.destination = destination
        self.broker = ""
        self.brokers: set[str] = set()  # where it was subscribed in the interval that is judged
        self.over = ""
        self.durable = False
        self.unconfirmed = False  # it acknowledges by itself, and no broker answers that
        self.acknowledges = False  # what it receives stays its broker's until it says that it has it
        self.selector: str | None = None
        self.hears_own: bool | None = True  # whether it gets messages that its client sends; None: perhaps
        self.windows: list[tuple[float, float]] = []  # begin and end of each time it listened
        self.starts = 0  # times that a broker accepted it
        self.stacked: list[tuple[float, int]] = []  # from when on it stood how many times over, on one connection
        self.away: list[tuple[float, float]] = []  # begin and end of each absence of a durable one
        self.cut_off: list[tuple[float, float]] = []  # begin and end of each time a non-durable one lost its connection
        self.breaks: list[float] = []  # when its connection ended, for any reason
        self.dispatched: Set[int] = frozenset()  # of an application: positions of messages that it may have besides
        self.withholds = False  # an application has not acknowledged all: its broker may keep more for it
        self.parallel = False  # an application had several connections for it at one time
        self.pending: dict[int, None] = {}  # positions of unacknowledged messages
        self.pending_digests: list[int] = []  # the same for bodies without an id, and when each came
        self.pending_digest_times: list[float] = []
        self.returned = 0  # arrivals given back without an acknowledgement
        self.given_back: list[tuple[float, int]] = []  # of those with an id: when it came, and the message's position
        # Of those whose body has no id: when it was given back, its digest, and when it had been received.
        self.returned_digests: list[tuple[float, int, float]] = []
        self.disconnected_since = inf  # when its connection was lost
        self.left = False  # it went by a step of the scenario
        self.alive = inf  # in a running lab: until when its program is known to have run
        self.arrivals: dict[int, Arrivals] = {}  # by step
        self.arrivals_in_all = 0
        self.unexplained = 0  # arrivals that belong to no publication of this run
        self.first_unexplained: float | None = None
        self.tops: dict[tuple[str, str], list[int]] = {}
        self.digests = array("q")  # arrivals yet to be matched, with the columns below
        self.digest_times = array("d")
        self.digest_retained = bytearray()
        self.digest_redelivered = bytearray()
        self.doubtful: set[int] = set()  # positions of messages whose body may be one from before the interval

    def of(self, publication: Publication) -> Arrivals:
        """Return the arrivals from a publication; they are created on first use."""
        arrivals = self.arrivals.get(publication.step)
        if arrivals is None:
            top = self.tops.setdefault((publication.client, publication.destination), [0])
            arrivals = self.arrivals[publication.step] = Arrivals(publication.count, top)
        return arrivals

    def first_arrival(self, position: int) -> float:
        """Return when a message was first received, by its position; infinity if it never was."""
        arrivals, number = self.arrivals.get(position >> 32), position & 0xFFFFFFFF
        if arrivals is None or number >= len(arrivals.times):
            return inf
        first = arrivals.first_at[number]
        return first if first or arrivals.times[number] else inf

    def breaks_after_arrival(self, position: int) -> int:
        """Return how often its connection ended after it had received a message, by its position."""
        arrivals, number = self.arrivals.get(position >> 32), position & 0xFFFFFFFF
        if arrivals is None or not self.breaks or number >= len(arrivals.times) or not arrivals.times[number]:
            return 0
        return len(self.breaks) - bisect_left(self.breaks, arrivals.first_at[number])

    def received_as_retained(self, step: int, number: int) -> bool:
        """Return whether it received a message marked as retained."""
        return step in self.arrivals and number in self.arrivals[step].retained

    def breaks_between(self, begin: float, end: float) -> int:
        """Return how often its connection ended between two moments while its received messages were not confirmed."""
        return bisect_right(self.breaks, end) - bisect_left(self.breaks, begin) if self.unconfirmed else 0

    def count_unexplained(self, moment: float) -> None:
        """Count an arrival that belongs to no publication of this run."""
        if moment < self.begin:
            return
        self.unexplained += 1
        if self.first_unexplained is None:
            self.first_unexplained = moment

    def begin_again(self, moment: float, *, over: bool) -> None:
        """Note a subscription at a moment; `over` is whether it stands beside those of the same connection."""
        before = self.stacked[-1][1] if self.stacked and over else 0
        self.stacked.append((moment, before + 1))

    def subscribed_at(self, moment: float) -> int:
        """Return the number of the client's subscriptions at a moment; 0 if it was not subscribed."""
        if not any(start <= moment < end for start, end in self.windows):
            return 0
        place = bisect_right(self.stacked, (moment, MOST_MESSAGES))
        return self.stacked[place - 1][1] if place else 1

    @property
    def until(self) -> float:
        """Return the moment when the client stopped listening; infinity while it listens."""
        return max((end for _, end in self.windows), default=inf)

    @property
    def came_back(self) -> float:
        """Return when the client last returned after an absence; minus infinity if it never did."""
        return max((back for _, back in (*self.away, *self.cut_off) if back < inf), default=-inf)

    @property
    def heard_until(self) -> float:
        """Return when the client stopped, lost its connection or was last seen: later silence proves nothing."""
        return min(self.until, self.disconnected_since, self.alive)


def is_queue(destination: str) -> bool:
    """Return whether a destination is a queue."""
    return destination.startswith("queue://")


def damaged(reason: str) -> InputError:
    """Return the error of a history that no run could have written, with the reason."""
    return InputError.of(f"the history is not as a run writes it: {reason}", "judge the file as it was written")
