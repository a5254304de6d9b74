"""Arrivals that await an acknowledgement: settled, given back when their client goes, or legitimately redelivered."""

from __future__ import annotations

from collections.abc import Iterable
from math import inf

from lab.history import Received, SendOutcome, Settled
from lab.history.expected.records import Arrivals, Publication, Subscription, is_queue
from lab.judge.evidence.flaws import ROUNDED, Flaws


class Redeliveries:
    """The messages that clients gave back, and those of which no broker can know that a client has them."""

    def __init__(self, flaws: Flaws) -> None:
        self._flaws = flaws
        self.last: dict[tuple[str, str, int], float] = {}  # by client, destination and position: the last moment
        self._back: set[tuple[str, int]] = set()  # whose message, and its position: given back by any client
        # The same → arrivals, number and position after which it came: of what may turn out to have been given back.
        self._early: dict[tuple[str, int], list[tuple[Arrivals, int, int]]] = {}
        self.in_doubt: set[tuple[str, int]] = set()  # acknowledged without an answer: may be redelivered
        self._excused: dict[tuple[str, int], int] = {}  # how many redeliveries a broken connection has accounted for

    def settled(self, subscription: Subscription, publication: Publication, number: int, ack: Settled) -> None:
        """Record that a message was acknowledged, or may have been."""
        position = (publication.step << 32) + number
        if not publication.partial and ack.t + ROUNDED < subscription.first_arrival(position):
            self._flaws.add(f"{ack.client} acknowledged {ack.id} at {ack.t:.3f} s, before it was received")
        if position in subscription.pending:
            del subscription.pending[position]
        elif self.last.pop((ack.client, ack.destination, position), None) is not None:
            # The connection ended before the answer came.
            subscription.of(publication).times[number] += 1
            subscription.returned -= 1
        if ack.outcome is SendOutcome.UNKNOWN:
            self.in_doubt.add((_shared(subscription), position))

    def settled_digest(self, subscription: Subscription, digest: int | None, ack: Settled, *, partial: bool) -> None:
        """Record that a message without an id was acknowledged; if `partial`, the history may omit its arrival."""
        pending, came = subscription.pending_digests, -inf
        if digest in pending:
            place = pending.index(digest)
            came = subscription.pending_digest_times.pop(place)
            del pending[place]
        elif digest is not None and not partial and digest not in subscription.digests:
            came = -inf if any(each == digest for _, each, _ in subscription.returned_digests) else inf
        if ack.t + ROUNDED < came:
            what = f"{ack.client} acknowledged a message of {ack.destination} at {ack.t:.3f} s"
            self._flaws.add(f"{what}, before it was received")

    def give_back(self, subscription: Subscription, publications: dict[str, Publication], t: float) -> None:
        """Take back the unacknowledged arrivals: the broker may deliver those messages again, to any subscriber."""
        for position in subscription.pending:
            publication, number = publications[str(position >> 32)], position & 0xFFFFFFFF
            arrivals = subscription.of(publication)
            arrivals.times[number] -= 1
            subscription.returned += 1
            subscription.given_back.append((arrivals.first_at[number], position))
            self._back.add(whose := (_whose(subscription, publication), position))
            for early, *_ in self._early.pop(whose, ()):
                early.aside += 1
            self.last[subscription.client, subscription.destination, position] = t
        subscription.pending.clear()
        for digest in subscription.pending_digests:
            place = len(subscription.digests) - 1 - subscription.digests[::-1].index(digest)
            subscription.returned_digests.append((t, digest, subscription.digest_times[place]))
            for column in (
                subscription.digests,
                subscription.digest_times,
                subscription.digest_retained,
                subscription.digest_redelivered,
            ):
                del column[place]
            subscription.returned += 1
        subscription.pending_digests.clear()
        subscription.pending_digest_times.clear()

    def note_disorder(
        self,
        subscription: Subscription,
        publication: Publication,
        number: int,
        every: Iterable[Subscription],
        arrival: Received,
    ) -> None:
        """Note a first arrival that came after a later message: disorder, unless the message had been given back.

        A broker may know that a client has gone before the history records it. So the arrival stays undecided as long
        as another client has the message unacknowledged: that client may go yet.
        """
        arrivals, position = subscription.of(publication), (publication.step << 32) + number
        whose = (_whose(subscription, publication), position)
        if whose in self._back:
            arrivals.aside += 1
        elif arrival.redelivered and any(
            position in each.pending and _whose(each, publication) == whose[0]
            for each in every
            if each is not subscription
        ):
            self._early.setdefault(whose, []).append((arrivals, number, arrivals.top[0]))
        else:
            arrivals.count_out_of_order(number, arrivals.top[0])

    def conclude(self) -> None:
        """Count the undecided arrivals as disorder: their messages were not given back."""
        for found in self._early.values():
            for arrivals, number, after in found:
                arrivals.count_out_of_order(number, after)
        self._early.clear()

    def by_right(
        self, subscription: Subscription, every: Iterable[Subscription], position: int, arrival: Received
    ) -> bool:
        """Return whether a broker may rightly redeliver a message, as it cannot know that a client has it.

        Its mark shows that it gave the message to a client before. A redelivery is legitimate if that client broke off,
        and if the protocol had sent the broker no acknowledgement that the client knows of: once for each time.
        """
        doubt = (_shared(subscription), position)
        if doubt in self.in_doubt:
            self.in_doubt.remove(doubt)
            return True
        if not arrival.redelivered:
            return False
        own = subscription.destination
        if is_queue(own):
            sharing = (each for each in every if each.destination == own and each.unconfirmed)
            breaks = sum(member.breaks_after_arrival(position) for member in sharing)
        else:  # its first arrival may be with another subscription of the client, which breaks with this one
            its = (each for each in every if each.client == subscription.client and each.unconfirmed)
            breaks = max((member.breaks_after_arrival(position) for member in its), default=0)
        excused = self._excused.get(doubt, 0)
        if excused < breaks:
            self._excused[doubt] = excused + 1
        return excused < breaks


def _shared(subscription: Subscription) -> str:
    """Return a key of the subscriptions that share messages: the queue, else the subscription itself."""
    own = subscription.destination
    return own if is_queue(own) else f"{subscription.client} {own}"


def _whose(subscription: Subscription, publication: Publication) -> str:
    """Return a key of those among whom a message goes round: of a queue all that take from it, else as `_shared`."""
    return publication.destination if is_queue(publication.destination) else _shared(subscription)
