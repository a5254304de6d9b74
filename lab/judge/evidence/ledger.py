"""The clients' ledger: every send, its outcome and every arrival, in arrays of numbers.

It only records; `audiences` knows which messages were expected. A message costs about 9 bytes, and 12 per subscriber.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from functools import cached_property
from math import inf

from lab.activemq.matching import EMPTY_DIGEST, MOST_MESSAGES
from lab.activemq.protocols import protocol
from lab.errors import InputError
from lab.history import (
    Acknowledged,
    ClientChanged,
    Publishing,
    Received,
    SendOutcome,
    Sent,
    Settled,
    Subscribed,
    Unsubscribed,
)
from lab.history.expected.records import FAILED, OK, UNKNOWN, Publication, Subscription, damaged
from lab.judge.evidence.flaws import ROUNDED, Flaws
from lab.judge.evidence.redeliveries import Redeliveries
from lab.judge.evidence.same_bodies import SameBodies

TEXT = "stomp-wss"  # what shows a body that is not UTF-8 as text
_OUTCOMES = {SendOutcome.UNKNOWN: UNKNOWN, SendOutcome.OK: OK, SendOutcome.FAILED: FAILED}
_ACCEPTED = SendOutcome.OK
MOST_IN_ALL = 100_000_000  # of messages and arrivals of a history: a gigabyte of arrays
_DIGITS = 9  # int() refuses numbers of thousands of digits


class Ledger:
    """All publications and subscriptions of a history, with their sends and arrivals."""

    def __init__(self, begin: float = -inf, *, standing: bool = False, flaws: Flaws | None = None) -> None:
        self._begin = begin  # seconds; messages sent earlier do not count
        self._flaws = flaws or Flaws()
        self._standing = standing  # then the oldest messages may have been left out
        self.publications: dict[str, Publication] = {}  # by step, as ids write it
        self.subscriptions: dict[tuple[str, str], Subscription] = {}  # by client and destination
        self._digests: dict[str, int] = {}
        self._same = SameBodies()
        self._texts: dict[str, set[int]] = {}  # by the digest of a body's text, where that is another one: the bodies
        self.unannounced: dict[tuple[str, str], int] = {}  # receivers before a line told that they subscribed
        self._room = MOST_IN_ALL  # for how many more there may be room
        self.redeliveries = Redeliveries(self._flaws)

    def subscribed(self, start: Subscribed) -> None:
        """Record that a subscription was opened or reopened."""
        subscription = self._subscription(start.client, start.destination)
        subscription.broker, subscription.over = start.broker, start.over
        if start.t < self._begin:  # it may have moved to this broker before the interval
            subscription.brokers.clear()
        subscription.brokers.add(start.broker)
        subscription.durable, subscription.selector = start.durable, start.selector
        subscription.unconfirmed = start.ack == "auto" and protocol(start.over) in ("amqp", "mqtt")
        subscription.acknowledges = start.ack != "auto" or protocol(start.over) == "amqp"
        open_ = bool(subscription.windows) and subscription.windows[-1][1] == inf
        anew = protocol(start.over) == "mqtt" or subscription.disconnected_since < inf  # MQTT has one for each filter
        subscription.begin_again(start.t, over=open_ and not anew)
        subscription.disconnected_since, subscription.left = inf, False
        if self._standing:
            subscription.alive = start.t
        subscription.starts += 1
        for absences in (subscription.away, subscription.cut_off):
            if absences and absences[-1][1] == inf:
                absences[-1] = (absences[-1][0], start.t)
        if not subscription.windows or subscription.windows[-1][1] != inf:
            subscription.windows.append((start.t, inf))

    def unsubscribed(self, end: Unsubscribed) -> None:
        """Record the end of a subscription."""
        subscription = self._subscription(end.client, end.destination)
        if subscription.windows and end.t + ROUNDED < (since := subscription.windows[-1][0]):
            what = f"{end.client} unsubscribed from {end.destination} at {end.t:.3f} s"
            self._flaws.add(f"{what}, before it subscribed at {since:.3f} s")
        self.redeliveries.give_back(subscription, self.publications, end.t)
        _close(subscription, end.t)

    def client_changed(self, change: ClientChanged) -> None:
        """Record that a client disconnected or still listens.

        On a disconnect, unacknowledged messages return to the broker, and durable subscriptions are kept.
        """
        if change.state == "listening":
            for subscription in self.subscriptions.values():
                if subscription.client == change.client:
                    subscription.alive = max(subscription.alive, change.t)
            return
        if change.state not in ("disconnected", "lost"):
            return
        for subscription in self.subscriptions.values():
            if subscription.client != change.client or not subscription.windows or subscription.windows[-1][1] != inf:
                continue
            self.redeliveries.give_back(subscription, self.publications, change.t)
            subscription.breaks.append(change.t)
            subscription.disconnected_since = min(subscription.disconnected_since, change.t)
            subscription.left |= change.state == "disconnected"
            if not subscription.durable and change.state == "disconnected":
                _close(subscription, change.t)
                continue
            absences = subscription.away if subscription.durable else subscription.cut_off
            if not absences or absences[-1][1] != inf:
                absences.append((change.t, inf))

    @cached_property
    def fullest_second(self) -> int:
        """How many messages were sent within a second, at most; to be asked for once all are recorded."""
        times = (t for each in self.publications.values() for t in each.sent_at[each.first :])
        sent = sorted(t for t in times if t == t)  # NaN: not sent
        most = begin = 0
        for end, t in enumerate(sent, 1):
            while sent[begin] < t - 1:
                begin += 1
            most = max(most, end - begin)
        return most

    def accepted_at(self, senders: Sequence[str] = ()) -> Iterator[float]:
        """Yield when each accepted message of some senders, of all if none are given, was sent, in seconds."""
        for publication in self.publications.values():
            if senders and publication.client not in senders:
                continue
            for number in range(publication.first, publication.last + 1):
                if publication.outcomes[number] == OK:
                    yield publication.sent_at[number]

    def settled(self, ack: Settled) -> None:
        """Record that a message was acknowledged, or may have been."""
        subscription = self._subscription(ack.client, ack.destination)
        if ack.outcome is SendOutcome.FAILED:
            return  # it still awaits an acknowledgement
        if ack.id is None:
            body = self._digests.get(ack.digest or "")
            self.redeliveries.settled_digest(subscription, body, ack, partial=self._standing)
            return
        self.redeliveries.settled(subscription, *self._message(ack.id), ack)

    def must_have_been_sent(self, id: str, t: float, event: str) -> None:
        """Record a flaw if an event of a message comes before its sending."""
        step, _, text = id.partition("-")
        publication = self.publications.get(step)
        number = int(text) if text.isdecimal() and len(text) <= _DIGITS else 0
        if publication is not None and 1 <= number <= publication.count:
            if not publication.sent_at[number] <= t + ROUNDED:
                self._too_early(publication, number, t, event)
        elif publication is None or not publication.partial:
            self._flaws.add(f"{id[:40]} {event}, and no earlier line records that it was sent")

    def of_client(self, client: str) -> Iterator[Subscription]:
        """Return the subscriptions of a client."""
        return (each for each in self.subscriptions.values() if each.client == client)

    def connection_lost(self, client: str, t: float) -> None:
        """Record that a client lost its connection. It may still expect messages, but its silence proves nothing."""
        for subscription in self.subscriptions.values():
            if subscription.client == client and subscription.windows and subscription.windows[-1][1] == inf:
                subscription.disconnected_since = min(subscription.disconnected_since, t)
                absences = subscription.cut_off
                if not subscription.durable and (not absences or absences[-1][1] != inf):
                    absences.append((t, inf))

    def publishing(self, start: Publishing) -> None:
        """Record the beginning of a publication."""
        if str(start.step) in self.publications:
            self._flaws.add(f"step {start.step} announces its messages a second time")
        publication = self.publications[str(start.step)] = Publication(start)
        self._reserve(publication.count)
        publication.partial = self._standing

    def sent(self, send: Sent) -> None:
        """Record a send; raise InputError if its step announced no such message."""
        publication, number = self._message(send.id, new=True)
        if send.t < self._begin:
            publication.first = number + 1
        if publication.sent_at[number] == publication.sent_at[number]:  # not NaN
            self._flaws.add(f"{send.id} is sent a second time")
        publication.sent_at[number] = send.t
        if number > publication.last:
            publication.last = number
        if send.digest is not None:
            if publication.digests is None:
                publication.digests = array("q", [-1]) * (publication.count + 1)
            publication.digests[number] = self._known(send)
            if publication.retained and send.digest == EMPTY_DIGEST:
                publication.empty.add(number)

    def acknowledged(self, ack: Acknowledged) -> None:
        """Record the outcome of a send; the last one counts, but an acceptance is never withdrawn."""
        publication, number = self._message(ack.id)
        if publication.partial and publication.sent_at[number] != publication.sent_at[number]:  # NaN
            return  # its sending is not in the history any more
        if not publication.sent_at[number] <= ack.t + ROUNDED:
            self._too_early(publication, number, ack.t, "has an outcome")
        if ack.outcome is _ACCEPTED:  # hashing an enumeration costs more than the rest of this method
            publication.outcomes[number] = OK
        elif publication.outcomes[number] != OK:
            publication.outcomes[number] = _OUTCOMES[ack.outcome]

    def received(self, arrival: Received) -> None:
        """Record an arrival."""
        subscription = self.subscriptions.get((arrival.client, arrival.destination))
        if subscription is None:  # a broker may deliver before it confirms the subscription
            subscription = self._subscription(arrival.client, arrival.destination)
            self.unannounced[arrival.client, arrival.destination] = self._flaws.line()
        if arrival.t >= self._begin:
            subscription.arrivals_in_all += 1
        if self._standing and subscription.alive < arrival.t:
            subscription.alive = arrival.t
        if arrival.id is None:
            body = self._body(arrival, subscription.over)
            if body is None:
                subscription.count_unexplained(arrival.t)
            else:
                subscription.digests.append(body)
                subscription.digest_times.append(arrival.t)
                subscription.digest_retained.append(arrival.retained)
                subscription.digest_redelivered.append(arrival.redelivered)
                if arrival.pending:
                    subscription.pending_digests.append(body)
                    subscription.pending_digest_times.append(arrival.t)
            return
        step, _, text = arrival.id.partition("-")
        publication = self.publications.get(step)
        if (
            publication is None
            or not text.isdecimal()
            or len(text) > _DIGITS
            or not 1 <= (number := int(text)) <= publication.count
        ):
            if publication is None or not publication.partial:
                subscription.count_unexplained(arrival.t)
            return
        early = not publication.sent_at[number] <= arrival.t + ROUNDED
        if early and self._too_early(publication, number, arrival.t, "was received"):
            subscription.count_unexplained(arrival.t)
            return
        arrivals = subscription.arrivals.get(publication.step)
        if arrivals is None:
            self._reserve(publication.count)
            arrivals = subscription.of(publication)
        position = (publication.step << 32) + number
        if arrival.pending:
            subscription.pending[position] = None
        redeliveries = self.redeliveries
        by_right = (arrival.redelivered or redeliveries.in_doubt) and redeliveries.by_right(
            subscription, self.subscriptions.values(), position, arrival
        )
        if arrivals.add(number, arrival.t, arrival.retained, bool(by_right) or number < publication.first):
            if arrival.retained:
                pass  # a broker gives what it retains at a subscription, ahead of what it kept
            elif position > arrivals.top[0]:
                arrivals.top[0] = position
            elif position < arrivals.top[0] and number >= publication.first:
                redeliveries.note_disorder(subscription, publication, number, self.subscriptions.values(), arrival)

    def _known(self, send: Sent) -> int:
        """Return the number of a body's digest, and note the body's form in a protocol of text."""
        its = self._digests.setdefault(send.digest or "", len(self._digests))
        if send.digest_as_text is not None:
            self._texts.setdefault(send.digest_as_text, set()).add(its)
        return its

    def _body(self, arrival: Received, over: str) -> int | None:
        """Return the number of a received body's digest; None if no such body was sent.

        STOMP in a WebSocket shows the text of a body: of several bodies with one text, the received one is unknown.
        """
        digest = arrival.digest or ""
        if over == TEXT and digest in self._texts:
            its = self._digests.setdefault(digest, len(self._digests))
            for other in self._texts[digest]:
                self._same.join(its, other)
        return self._digests.get(digest)

    def _too_early(self, publication: Publication, number: int, t: float, event: str) -> bool:
        """Record that an event of a message precedes its sending; return False if the history may omit the sending."""
        sent = publication.sent_at[number]
        if sent == sent:  # not NaN
            self._flaws.add(f"{publication.id(number)} {event} at {t:.3f} s, before it was sent at {sent:.3f} s")
        elif publication.partial:
            return False
        else:
            self._flaws.add(f"{publication.id(number)} {event}, and no earlier line records that it was sent")
        return True

    def listening(self) -> tuple[Subscription, ...]:
        """Return the subscriptions that listened in the interval that is judged."""
        return tuple(each for each in self.subscriptions.values() if each.until > self._begin)

    def gone(self) -> tuple[Subscription, ...]:
        """Return the subscriptions that ended before the interval that is judged."""
        return tuple(each for each in self.subscriptions.values() if each.until <= self._begin)

    def grow_arrivals(self) -> None:
        """Make room in all arrivals for all messages, and count disorder; call it after the last observation."""
        self.redeliveries.conclude()
        self._same.apply(self.publications.values(), self.subscriptions.values())
        for subscription in self.subscriptions.values():
            for step, arrivals in subscription.arrivals.items():
                count = self.publications[str(step)].count
                self._reserve(count + 1 - len(arrivals.times))
                arrivals.grow(count)

    def _subscription(self, client: str, destination: str) -> Subscription:
        return self.subscriptions.setdefault((client, destination), Subscription(client, destination, self._begin))

    def _message(self, id: str, *, new: bool = False) -> tuple[Publication, int]:
        """Return the publication and number of an id; `new` allows the next number of a growing publication."""
        step, _, text = id.partition("-")
        publication = self.publications.get(step)
        if publication is None or not text.isdecimal() or len(text) > _DIGITS:
            raise _unannounced(id)
        number = int(text)
        if not 1 <= number <= publication.count:
            follows = publication.partial or (new and number == publication.count + 1)
            if not (publication.grows and follows and 1 <= number <= MOST_MESSAGES):
                raise _unannounced(id)
            self._reserve(number - publication.count)
            publication.grow(number)
        return publication, number

    def _reserve(self, messages: int) -> None:
        """Raise InputError if so many more messages need more memory than a machine has.

        One line of an untrusted history can announce ten million messages.
        """
        self._room -= max(messages, 0)
        if self._room < 0:
            raise InputError.of(
                f"the history has more than {MOST_IN_ALL} messages and arrivals from here on",
                "is it as a run wrote it?",
            )


def _close(subscription: Subscription, t: float) -> None:
    """End the present window of a subscription."""
    subscription.left = True
    if subscription.windows and subscription.windows[-1][1] == inf:
        subscription.windows[-1] = (subscription.windows[-1][0], t)


def _unannounced(id: str) -> InputError:
    return damaged(f"it has a send {id!r} that no step announced")
