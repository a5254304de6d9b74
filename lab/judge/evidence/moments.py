"""Orders of moments and clients that no run can have written, such as an answer before its request.

Such a line is a flaw of the history. The ledger detects flaws of messages.
"""

from __future__ import annotations

from lab.history import (
    Achieved,
    Acknowledged,
    Answered,
    Approached,
    Attempted,
    Beyond,
    BrokerChanged,
    Browsed,
    ClientChanged,
    Ended,
    LinkChanged,
    LogLine,
    Observation,
    PolicyApplied,
    Publishing,
    Received,
    Replied,
    Sent,
    Settled,
    SightChanged,
    StepEnded,
    StepStarted,
    Subscribed,
    Unsubscribed,
    Unwatched,
)
from lab.judge.evidence.flaws import ROUNDED, Flaws
from lab.judge.evidence.ledger import Ledger
from lab.judge.wording import moment

_UNREST = 0.05  # seconds; two threads may write their lines in another order than they looked at the clock
_APART = 2.0  # seconds; so much the router's clock and the engine's may differ from the lab's, and several writers'
_OTHER_CLOCKS = (LogLine, LinkChanged, PolicyApplied, BrokerChanged)
# Written down as soon as the lab's clock was looked at; of other lines an answer was awaited meanwhile.
_AT_ONCE = (
    Sent,
    Acknowledged,
    Received,
    Settled,
    Answered,
    Replied,
    Subscribed,
    Unsubscribed,
    Publishing,
    StepStarted,
    StepEnded,
    Achieved,
)


class Moments:
    """The moments of a history so far; each further line is compared with them."""

    def __init__(self, ledger: Ledger, flaws: Flaws, *, standing: bool, written: bool) -> None:
        self._ledger, self._flaws, self._standing = ledger, flaws, standing
        self._in_order = written and not standing  # one process wrote its lines, as they came
        self._steps: dict[int, float] = {}
        self._done = set[int]()  # steps
        self._links: dict[tuple[str, str], float] = {}
        self._silent: dict[tuple[str, str, int], float] = {}  # by broker, what is read, instance: since when
        self._refused: set[str] = set()  # clients that were not let in, at least once
        self._others = 0.0  # the latest moment by another clock

    def look(self, seen: Observation, last: float) -> None:
        """Record a flaw if no run can have seen this; `last` is the latest moment so far, of any line."""
        if isinstance(seen, _OTHER_CLOCKS):
            self._others = max(self._others, seen.t)
        match seen:
            case Answered() | Replied():
                told = "was answered" if isinstance(seen, Answered) else "had an answer sent"
                self._ledger.must_have_been_sent(seen.id, seen.t, told)
            case Browsed():
                for each in seen.ids:
                    self._ledger.must_have_been_sent(each, seen.t, "was browsed")
            case StepStarted():
                if seen.step in self._steps:
                    self._again(f"step {seen.step} begins a second time")
                self._steps.setdefault(seen.step, seen.t)
            case StepEnded():
                self._after(seen, self._steps.get(seen.step), f"step {seen.step} ended", "it began", ROUNDED)
                if seen.step in self._done:
                    self._again(f"step {seen.step} ends a second time")
                self._done.add(seen.step)
            case LinkChanged():
                way = (seen.link, seen.leaving)
                what = f"link {seen.link} leaving {seen.leaving} changed"
                self._after(seen, self._links.get(way), what, "its change in a line before", _APART)
                self._links[way] = seen.t
            case ClientChanged() if seen.state in ("disconnected", "lost"):
                begins = [each.windows[-1][0] for each in self._ledger.of_client(seen.client) if each.windows]
                what = f"{seen.client} was {'lost' if seen.state == 'lost' else 'gone'}"
                self._after(seen, min(begins, default=None), what, "it subscribed", _UNREST)
            case Approached():
                self._refused |= {seen.client} if seen.outcome != "ok" else set()
                self._not_negative(f"{seen.client}'s attempt at {seen.broker}", seen.took)
            case Attempted():
                self._not_negative(f"an attempt from {seen.source} to {seen.target}", seen.took_ms)
            case SightChanged():
                self._sight(seen)
            case Beyond():
                self._after(seen, seen.since, "the models were left", "they were to be left", ROUNDED)
            case Unwatched():
                self._after(seen, seen.since, "the lab was watched again", "it was not watched", ROUNDED)
            case Ended():
                alone = seen.complete and not self._standing and last > self._others
                self._after(seen, last, "the history ends", "the last that it tells", ROUNDED if alone else _APART)
            case _:
                pass

    def earlier(self, seen: Observation, last: float) -> None:
        """Record a flaw if a line that is written at once has an earlier moment than a line before."""
        if seen.t + _APART < last and self._in_order and isinstance(seen, _AT_ONCE):
            self._flaws.add_foreign(f"its moments go back, from {moment(last)} to {moment(seen.t)}")

    def close(self, *, complete: bool) -> None:
        """Record a flaw if a client received that never subscribed; call it after the last line.

        A broker may deliver before it confirms, so a history that is cut short may have such an arrival.
        """
        if self._standing or not complete:
            return
        for (client, destination), line in self._ledger.unannounced.items():
            if not self._ledger.subscriptions[client, destination].starts and client not in self._refused:
                self._flaws.add(f"{client} receives from {destination}, and no line tells that it subscribed", line)

    def _again(self, what: str) -> None:
        if self._in_order:
            self._flaws.add_foreign(what)

    def _sight(self, seen: SightChanged) -> None:
        key = (seen.broker, seen.of, seen.instance)
        if seen.state == "lost":
            self._silent[key] = seen.since
            self._after(seen, seen.since, f"{seen.broker}'s {seen.of} was found silent", "it was last read", ROUNDED)
        else:
            since = self._silent.pop(key, None)
            self._after(seen, since, f"{seen.broker}'s {seen.of} was read again", "it was silent from", ROUNDED)

    def _after(self, seen: Observation, other: float | None, what: str, before: str, apart: float) -> None:
        """Record a flaw if an event came before the event that it must follow."""
        if other is not None and seen.t + apart < other:
            self._flaws.add(f"{what} at {moment(seen.t)}, before {before}, at {moment(other)}")

    def _not_negative(self, what: str, took: float) -> None:
        if took < 0:
            self._flaws.add(f"{what} took less than no time ({took:g})")
