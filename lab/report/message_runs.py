"""Observations → rows of a timeline, with one row for each run of messages: "sent 3-1 to 3-200".

Only the open runs are held in memory, so a history may be of any length.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lab.history import Acknowledged, Answered, Observation, Received, Replied, SendOutcome, Sent
from lab.report.rows import describe
from lab.report.rows.clients_seen import OUTCOMES, answer, marks
from lab.report.rows.row import Row, Weight

_MOST_OPEN = 1000  # runs; usually there are as many as clients, steps and destinations

Message = Sent | Acknowledged | Received | Replied | Answered


class _Run:
    """Messages of one step that were all sent, all acknowledged, all received by one client, or all answered by one."""

    __slots__ = ("backwards", "count", "highest", "last", "last_t", "lowest", "seen", "step")

    def __init__(self, message: Message, step: str, number: int) -> None:
        self.seen, self.step = message, step
        self.count = self.backwards = 0
        self.lowest = self.highest = self.last = number
        self.last_t = message.t

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
            return describe(self.seen)
        seen, first, last = self.seen, f"{self.step}-{self.lowest}", f"{self.step}-{self.highest}"
        span = self.highest - self.lowest + 1
        which = f"{first} to {last}" if self.count == span else f"{self.count} of {first} to {last}"
        if self.count > span:
            which = f"{first if span == 1 else f'{first} to {last}'}, {self.count} times in all"
        if self.backwards:
            which += f", {self.backwards} out of order"
        if seen.id is None:
            which = f"{self.count} bodies without an id"
        weight = Weight.PLAIN
        if isinstance(seen, Received):
            who, what = seen.client, f"received {which} from {seen.destination}{marks(seen)}"
        elif isinstance(seen, Answered):
            who, what = f"step {self.step}", f"got the answers to {which}"
        elif isinstance(seen, Replied):
            who, what, weight = answer(seen, which)
        elif isinstance(seen, Acknowledged):
            what = f"{OUTCOMES[seen.outcome]} {which}" + (f" ({seen.note})" if seen.note else "")
            who, weight = f"step {self.step}", weight if seen.outcome is SendOutcome.OK else Weight.FAULT
        else:
            who, what = f"step {self.step}", f"sent {which}"
        return Row(t=seen.t, until=self.last_t, actor=who, text=what, weight=weight)


def folded(observations: Iterable[Observation]) -> Iterator[Row]:
    """Yield the rows of observations; an observation that is no message ends all open runs."""
    runs: dict[tuple[object, ...], _Run] = {}
    for seen in observations:
        step, number = _step_and_number(seen) if isinstance(seen, Message) else ("", -1)
        if number < 0 or not isinstance(seen, Message):
            yield from _close(runs)
            yield describe(seen)
            continue
        key = (step, *_run_key(seen))
        run = runs.get(key)
        if run is None:
            if len(runs) == _MOST_OPEN:
                yield from _close(runs)
            run = runs[key] = _Run(seen, step, number)
        run.add(number, seen.t)
    yield from _close(runs)


def _step_and_number(message: Message) -> tuple[str, int]:
    """Return a message's step and number: 0 for a body without an id, -1 for an id that no run writes."""
    if message.id is None:
        return "", 0
    step, _, text = message.id.partition("-")
    return step, int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else -1


def _run_key(message: Message) -> tuple[object, ...]:
    """Return the common fields of the messages of one run, without their step."""
    if isinstance(message, Received):
        return (message.client, message.destination, message.retained, message.redelivered)
    if isinstance(message, Replied | Answered):
        return (
            type(message),
            message.client,
            *((message.outcome, message.note) if isinstance(message, Replied) else ()),
        )
    return (message.outcome, message.note) if isinstance(message, Acknowledged) else ()


def _close(runs: dict[tuple[object, ...], _Run]) -> Iterator[Row]:
    """Return the rows of all runs in the order they began, and clear `runs`."""
    rows = [run.row() for run in runs.values()]
    runs.clear()
    return iter(rows)
