"""The times at which a step's messages are due, and the actual rate.

Every time counts from the first message, so that a late message does not delay those after it.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from functools import partial
from itertools import count, islice, takewhile
from math import ceil, inf
from operator import gt
from random import Random
from typing import NamedTuple

from lab.activemq.matching import MOST_MESSAGES
from lab.base.dataclass import dataclass
from lab.declare.recordings import MessageFile, Recorded, opened
from lab.declare.steps.messages import Publish, Traffic
from lab.declare.steps.replay import Replay
from lab.history import Paced

PACE_TOLERANCE = 0.02  # share of the time that the messages should have taken
PACE_SLACK_SECONDS = 0.05  # seconds: in a short run, a late thread costs more than 2 %


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """The rate at which a step sends."""

    interval: float  # seconds from one message to the next, on average
    exponential: bool = False  # whether the time between two messages is drawn, or always the same
    until: float = inf  # seconds after the first message; none is due later

    def dues(self, seed: int, number: int) -> Iterator[float]:
        """Return the due time of each message, in seconds after the first; a seed and a step give the same times."""
        drawn = self._drawn(Random(f"{seed} {number}")) if self.exponential else (n * self.interval for n in count())
        return takewhile(partial(gt, self.until), drawn)  # due < until

    def number(self, seed: int, number: int) -> int | None:
        """Return the number of messages; None if they have no end."""
        if self.until == inf:
            return None
        if not self.exponential:
            most = ceil(self.until / self.interval)  # one too many if the quotient is rounded up
            return min(most - ((most - 1) * self.interval >= self.until), MOST_MESSAGES)
        return sum(1 for _ in islice(self.dues(seed, number), MOST_MESSAGES))

    def _drawn(self, dice: Random) -> Iterator[float]:
        due = 0.0
        while True:
            yield due
            due += dice.expovariate(1 / self.interval)


def pace_of(step: Publish | Traffic) -> Pace | None:
    """Return a step's pace; None if it sends as fast as acknowledgements come."""
    if isinstance(step, Traffic):
        until = inf if step.duration is None else step.duration.total_seconds()
        return Pace(interval=float(1 / step.rate), exponential=step.spread == "exponential", until=until)
    if step.rate is not None:
        return Pace(interval=float(1 / step.rate))
    if step.every:
        return Pace(interval=step.every.total_seconds())
    return None


class Due(NamedTuple):
    """A recorded message with its due time, in seconds after the first one; None for as soon as possible."""

    after: float | None
    message: Recorded


def recorded_dues(step: Replay) -> Iterator[Due]:
    """Yield the messages of a recording, each with the time at which it is due."""
    first, number = None, 0
    times, rate = step.pace.times, step.pace.rate
    with opened(step.recording.file, step.recording.path) as reading:
        for message in _as_looked_through(step, reading):
            if step.of is not None and message.broker != step.of:
                continue
            if first is None:
                first = message.t
            if rate is not None:
                yield Due(number / float(rate), message)
            else:
                yield Due(None if times is None else (message.t - first) / float(times), message)
            number += 1


def _as_looked_through(step: Replay, reading: MessageFile) -> Iterable[Recorded]:
    """Return the messages that were there at the check: this run may itself add more to a history without an end."""
    summary = step.recording.summary
    return islice(reading, summary.messages) if summary is not None and summary.open else reading


@dataclass(slots=True, kw_only=True)
class SendTimes:
    """The times of a step's messages so far."""

    sent: int = 0
    first: float = 0.0  # when the first message was sent, in seconds since the replay began
    last: float = 0.0
    due: float = 0.0  # when the last message was due, in seconds after the first

    def compare(self, t: float, number: int, pace: Pace) -> Paced | None:
        """Return the configured and actual rates, observed at `t`; None for fewer than two messages."""
        if self.sent < 2 or self.due <= 0.0 or self.last <= self.first:
            return None
        took = self.last - self.first
        return Paced(
            t=t,
            step=number,
            asked_per_s=round(1 / pace.interval, 6),
            drawn_per_s=round((self.sent - 1) / self.due, 6),
            reached_per_s=round((self.sent - 1) / took, 6),
            held=took - self.due <= max(PACE_TOLERANCE * self.due, PACE_SLACK_SECONDS),
        )


class Lateness:
    """A histogram of how late messages were sent: its memory does not grow with their number."""

    _WIDTH = 1e-4  # seconds of a bucket: the largest error of a quantile
    _BUCKETS = 20_000  # the last one has all that was later

    def __init__(self) -> None:
        self._counts = array("Q", bytes(8 * self._BUCKETS))
        self._number = 0
        self.most = 0.0  # seconds

    def add(self, seconds: float) -> None:
        """Count a message that was sent so many seconds late; an early message counts as punctual."""
        late = max(seconds, 0.0)
        self._counts[min(int(late / self._WIDTH), self._BUCKETS - 1)] += 1
        self._number += 1
        self.most = max(self.most, late)

    def quantile(self, share: float) -> float:
        """Return the seconds by which that share of the messages was late at most, to a tenth of a millisecond."""
        wanted, seen = share * self._number, 0
        for bucket, number in enumerate(self._counts):
            seen += number
            if seen >= wanted:
                return min((bucket + 1) * self._WIDTH, self.most) if bucket < self._BUCKETS - 1 else self.most
        return self.most


def in_words(paced: Paced) -> str:
    """Return the configured and actual rates, in words."""
    differs = abs(paced.drawn_per_s - paced.asked_per_s) > 0.001 * paced.asked_per_s
    chance = f" ({paced.drawn_per_s:.4g}/s by its dice)" if differs else ""
    words = f"asked {paced.asked_per_s:.4g}/s{chance}, reached {paced.reached_per_s:.4g}/s"
    if paced.late_p50_s is not None and paced.late_p99_s is not None:
        words += f", sent late by {1000 * paced.late_p50_s:.3g} ms (p50), {1000 * paced.late_p99_s:.3g} ms (p99)"
    words += "" if paced.drift is None else f", drift {paced.drift:.2%}"
    return words if paced.held else f"{words}: the rate could not be held"
