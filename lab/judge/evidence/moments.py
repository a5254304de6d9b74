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
    Uncalibrated,
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

    def look(self, line: Observation, last: float) -> None:
        """Record a flaw if no run can have seen this; `last` is the latest moment so far, of any line."""
        if isinstance(line, _OTHER_CLOCKS):
            self._others = max(self._others, line.t)
        match line:
            case Answered() | Replied():
                told = "was answered" if isinstance(line, Answered) else "had an answer sent"
                self._ledger.must_have_been_sent(line.id, line.t, told)
            case Browsed():
                for each in line.ids:
                    self._ledger.must_have_been_sent(each, line.t, "was browsed")
            case StepStarted():
                if line.step in self._steps:
                    self._again(f"step {line.step} begins a second time")
                self._steps.setdefault(line.step, line.t)
            case StepEnded():
                self._after(line, self._steps.get(line.step), f"step {line.step} ended", "it began", ROUNDED)
                if line.step in self._done:
                    self._again(f"step {line.step} ends a second time")
                self._done.add(line.step)
            case LinkChanged():
                way = (line.link, line.leaving)
                what = f"link {line.link} leaving {line.leaving} changed"
                self._after(line, self._links.get(way), what, "its change in a line before", _APART)
                self._links[way] = line.t
            case ClientChanged() if line.state in ("disconnected", "lost"):
                begins = [each.windows[-1][0] for each in self._ledger.of_client(line.client) if each.windows]
                what = f"{line.client} was {'lost' if line.state == 'lost' else 'gone'}"
                self._after(line, min(begins, default=None), what, "it subscribed", _UNREST)
            case Approached():
                self._refused |= {line.client} if line.outcome != "ok" else set()
                self._not_negative(f"{line.client}'s attempt at {line.broker}", line.took)
            case Attempted():
                self._not_negative(f"an attempt from {line.source} to {line.target}", line.took_ms)
            case SightChanged():
                self._sight(line)
            case Uncalibrated():
                self._after(line, line.since, "the simulation left its calibrated range", "it was to leave it", ROUNDED)
            case Unwatched():
                self._after(line, line.since, "the lab was watched again", "it was not watched", ROUNDED)
            case Ended():
                alone = line.complete and not self._standing and last > self._others
                self._after(line, last, "the history ends", "its last event", ROUNDED if alone else _APART)
            case _:
                pass

    def earlier(self, line: Observation, last: float) -> None:
        """Record a flaw if a line that is written at once has an earlier moment than a line before."""
        if line.t + _APART < last and self._in_order and isinstance(line, _AT_ONCE):
            self._flaws.add_foreign(f"its moments go back, from {moment(last)} to {moment(line.t)}")

    def close(self, *, complete: bool) -> None:
        """Record a flaw if a client received that never subscribed; call it after the last line.

        A broker may deliver before it confirms, so a history that is cut short may have such an arrival.
        """
        if self._standing or not complete:
            return
        for (client, destination), line in self._ledger.unannounced.items():
            if not self._ledger.subscriptions[client, destination].starts and client not in self._refused:
                self._flaws.add(f"{client} receives from {destination}, and no line records that it subscribed", line)

    def _again(self, event: str) -> None:
        if self._in_order:
            self._flaws.add_foreign(event)

    def _sight(self, change: SightChanged) -> None:
        key = (change.broker, change.of, change.instance)
        if change.state == "lost":
            self._silent[key] = change.since
            self._after(
                change, change.since, f"{change.broker}'s {change.of} was found silent", "it was last read", ROUNDED
            )
        else:
            since = self._silent.pop(key, None)
            self._after(change, since, f"{change.broker}'s {change.of} was read again", "it was silent from", ROUNDED)

    def _after(self, line: Observation, other: float | None, event: str, before: str, apart: float) -> None:
        """Record a flaw if an event came before the event that it must follow."""
        if other is not None and line.t + apart < other:
            self._flaws.add(f"{event} at {moment(line.t)}, before {before}, at {moment(other)}")

    def _not_negative(self, duration: str, took: float) -> None:
        if took < 0:
            self._flaws.add(f"{duration} took less than no time ({took:g})")
