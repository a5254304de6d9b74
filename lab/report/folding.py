"""Observations → rows of a timeline, in which runs of messages are one row each: "sent 3-1 to 3-200".

It holds the runs that are open and nothing else, so a history may be of any length.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lab.history import Acknowledged, Observation, Received, SendOutcome, Sent
from lab.report.rows import say
from lab.report.rows.clients_seen import OUTCOMES, marks
from lab.report.rows.row import Row, Weight

_MOST_OPEN = 1000  # runs at once; a history has as many as it has clients, steps and destinations


class _Run:
    """Messages of one step that the same was done with."""

    __slots__ = ("backwards", "count", "highest", "last", "last_t", "lowest", "seen", "step")

    def __init__(self, seen: Sent | Acknowledged | Received, step: str, number: int) -> None:
        self.seen, self.step = seen, step
        self.count = self.backwards = 0
        self.lowest = self.highest = self.last = number
        self.last_t = seen.t

    def add(self, number: int, t: float) -> None:
        self.count += 1
        self.backwards += number < self.last
        self.last, self.last_t = number, t
        if number > self.highest:
            self.highest = number
        elif number < self.lowest:
            self.lowest = number

    def row(self) -> Row:
        if self.count == 1:
            return say(self.seen)
        seen, first, last = self.seen, f"{self.step}-{self.lowest}", f"{self.step}-{self.highest}"
        span = self.highest - self.lowest + 1
        which = f"{first} to {last}" if self.count == span else f"{self.count} of {first} to {last}"
        if self.count > span:
            which = f"{first} to {last}, {self.count} times in all"
        if self.backwards:
            which += f", {self.backwards} out of order"
        if seen.id is None:
            which = f"{self.count} bodies that carry no id"
        weight = Weight.PLAIN
        if isinstance(seen, Received):
            who, what = seen.client, f"received {which} from {seen.destination}{marks(seen)}"
        elif isinstance(seen, Acknowledged):
            what = f"{OUTCOMES[seen.outcome]} {which}" + (f" ({seen.note})" if seen.note else "")
            who, weight = f"step {self.step}", weight if seen.outcome is SendOutcome.OK else Weight.FAULT
        else:
            who, what = f"step {self.step}", f"sent {which}"
        return Row(t=seen.t, until=self.last_t, who=who, what=what, weight=weight)


def folded(observations: Iterable[Observation]) -> Iterator[Row]:
    """Put observations into words; whatever is no message ends the runs before it."""
    runs: dict[tuple[object, ...], _Run] = {}
    for seen in observations:
        step, number = _place(seen) if isinstance(seen, Sent | Acknowledged | Received) else ("", -1)
        if number < 0 or not isinstance(seen, Sent | Acknowledged | Received):
            yield from _closed(runs)
            yield say(seen)
            continue
        key = (step, *_sort(seen))
        run = runs.get(key)
        if run is None:
            if len(runs) == _MOST_OPEN:
                yield from _closed(runs)
            run = runs[key] = _Run(seen, step, number)
        run.add(number, seen.t)
    yield from _closed(runs)


def _place(seen: Sent | Acknowledged | Received) -> tuple[str, int]:
    """Return a message's step and number: 0 of a body that carries none, -1 of a name that no run writes."""
    if seen.id is None:
        return "", 0
    step, _, text = seen.id.partition("-")
    return step, int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else -1


def _sort(seen: Sent | Acknowledged | Received) -> tuple[object, ...]:
    """Return what must be equal for two messages to be of one run."""
    if isinstance(seen, Received):
        return (seen.client, seen.destination, seen.retained, seen.redelivered)
    return (seen.outcome, seen.note) if isinstance(seen, Acknowledged) else ()


def _closed(runs: dict[tuple[object, ...], _Run]) -> Iterator[Row]:
    """Return the rows of all runs, which began in this order, and forget them."""
    rows = [run.row() for run in runs.values()]
    runs.clear()
    return iter(rows)
