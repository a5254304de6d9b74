"""Observations → rows of a timeline, with one row for each run of messages: "sent 3-1 to 3-200".

Only the open runs are held in memory, so a history may be of any length.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lab.history import Acknowledged, Answered, Observation, Received, Replied, Sent
from lab.history.display import Row

_MOST_OPEN = 1000  # runs; usually there are as many as clients, steps and destinations

Message = Sent | Acknowledged | Received | Replied | Answered


class _Run:
    """Messages of one step that were all sent, all acknowledged, all received by one client, or all answered by one."""

    __slots__ = ("backwards", "count", "highest", "last", "last_t", "lowest", "message", "step")

    def __init__(self, message: Message, step: str, number: int) -> None:
        self.message, self.step = message, step
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
            return self.message.row()
        message, first, last = self.message, f"{self.step}-{self.lowest}", f"{self.step}-{self.highest}"
        span = self.highest - self.lowest + 1
        which = f"{first} to {last}" if self.count == span else f"{self.count} of {first} to {last}"
        if self.count > span:
            which = f"{first if span == 1 else f'{first} to {last}'}, {self.count} times in all"
        if self.backwards:
            which += f", {self.backwards} out of order"
        if message.id is None:
            which = f"{self.count} bodies without an id"
        actor, text, weight = message.description_of(which)
        return Row(t=message.t, until=self.last_t, actor=actor, text=text, weight=weight)


def folded(observations: Iterable[Observation]) -> Iterator[Row]:
    """Yield the rows of observations; an observation that is no message ends all open runs."""
    runs: dict[tuple[object, ...], _Run] = {}
    for observation in observations:
        step, number = _step_and_number(observation) if isinstance(observation, Message) else ("", -1)
        if number < 0 or not isinstance(observation, Message):
            yield from _close(runs)
            yield observation.row()
            continue
        key = (step, *_run_key(observation))
        run = runs.get(key)
        if run is None:
            if len(runs) == _MOST_OPEN:
                yield from _close(runs)
            run = runs[key] = _Run(observation, step, number)
        run.add(number, observation.t)
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
