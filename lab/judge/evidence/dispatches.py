"""What brokers dispatched to applications: the messages that a client may have unacknowledged, and their order.

A client may read a message and crash before its acknowledgement. So a message that was dispatched and not acknowledged
may have reached the client. A client receives messages in the order in which they are dispatched on one connection; it
acknowledges them in any order.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Container
from dataclasses import field
from operator import itemgetter

from lab.base.dataclass import dataclass
from lab.history.expected.records import Subscription
from lab.judge.evidence.ledger import Ledger
from lab.judge.evidence.message_ids import Key

Receiver = tuple[str, str]  # client and destination
Consumer = tuple[str, str]  # broker and id


@dataclass(slots=True, kw_only=True)
class _Given:
    """The dispatches to one client from one destination; a dispatch is known by its number."""

    having: dict[Key, dict[Consumer, int]] = field(default_factory=dict)  # by message: dispatches without an answer
    back: set[Key] = field(default_factory=set)  # messages that were dispatched again, as their connection had ended
    lanes: dict[Consumer, int] = field(default_factory=dict)  # connections that were open at one time have their own
    parallel: bool = False  # whether connections were open at one time
    messages: list[Key] = field(default_factory=list)  # those received, with two columns
    numbers: array[int] = field(default_factory=lambda: array("Q"))
    on: array[int] = field(default_factory=lambda: array("I"))  # lanes

    def add(self, message: Key, number: int, consumer: Consumer) -> None:
        """Add a message that counts as received."""
        self.messages.append(message)
        self.numbers.append(number)
        self.on.append(self.lanes.get(consumer, 0))


class Dispatches:
    """Collects dispatches and their acknowledgements; `still` are the consumers that have not left."""

    def __init__(self) -> None:
        self._of: dict[Receiver, _Given] = {}
        self._count = 0

    def came(self, receiver: Receiver, consumer: Consumer, still: Container[Consumer]) -> None:
        """Note a consumer."""
        given = self._of.setdefault(receiver, _Given())
        alone = not any(each in still for each in given.lanes if each != consumer)
        given.parallel |= not alone
        given.lanes[consumer] = 0 if alone else len(given.lanes)

    def given(
        self, receiver: Receiver, message: Key, to: Consumer, still: Container[Consumer], *, counts: bool
    ) -> bool:
        """Note a dispatch; return whether it is the first of this copy. `counts` is whether it is a delivery."""
        given = self._of.setdefault(receiver, _Given())
        having = given.having.setdefault(message, {})
        again = any(each == to or each not in still for each in having)
        if again:
            given.back.add(message)
        self._count += 1
        having[to] = self._count
        if counts and not again:
            given.add(message, self._count, to)
        return not again

    def taken(
        self, receiver: Receiver, message: Key, by: Consumer, still: Container[Consumer], *, counts: bool
    ) -> None:
        """Note the answer of a connection; connections that ended have left their copies to it.

        `counts` is whether the answer is a delivery: an acknowledgement is one, a rejection is none.
        """
        given = self._of.setdefault(receiver, _Given())
        having = given.having.get(message, {})
        number = having.get(by, self._count)
        for each in [each for each in having if each == by or each not in still]:
            del having[each]
        if not having:
            given.having.pop(message, None)
        if counts:
            given.add(message, number, by)

    def apply(self, ledger: Ledger, position: Callable[[Key], int], by_dispatch: Container[str]) -> None:
        """Add the dispatches to the ledger's subscriptions; `position` has -1 for an unknown message.

        `by_dispatch` has the clients whose dispatches count as deliveries.
        """
        for receiver, given in self._of.items():
            its = ledger.subscriptions.get(receiver)
            if its is None:
                continue
            open_ = given.back if receiver[0] in by_dispatch else given.having
            its.dispatched = frozenset(map(position, open_))
            its.parallel, its.withholds = given.parallel, bool(given.having)
            _put_in_order(its, given, ledger, position)


def _put_in_order(subscription: Subscription, given: _Given, ledger: Ledger, position_of: Callable[[Key], int]) -> None:
    """Count the messages out of order by the order of their dispatches, on each connection for itself."""
    for arrivals in subscription.arrivals.values():
        arrivals.reordered, arrivals.aside, arrivals.disorder = 0, 0, None
    tops: dict[tuple[object, ...], tuple[float, int]] = {}
    came: set[int] = set()
    rows = zip(given.numbers, given.on, given.messages, strict=True)
    for _, lane, message in sorted(rows, key=itemgetter(0, 1)):
        position = position_of(message)
        its = subscription.arrivals.get(position >> 32)
        if its is None or position in came:
            continue
        came.add(position)
        publication, number = ledger.publications[str(position >> 32)], position & 0xFFFFFFFF
        if number in its.retained:
            continue
        sender = (lane, publication.client, publication.broker, publication.destination)
        moment, top = (publication.sent_at[number], position), tops.get(sender)
        if top is None or moment > top:
            tops[sender] = moment
        elif number >= publication.first and message in given.back:
            its.aside += 1
        elif number >= publication.first:
            its.count_out_of_order(number, top[1])
