"""Observations → rows of a timeline → lines of text, with a heading and a note on a history that is cut short.

A run of messages is one row: "sent 3-1 to 3-200". Only the open runs are held in memory, so a history may be of any
length.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lab.base.printable import plain_line
from lab.history import Acknowledged, Answered, Header, Observation, Received, Replied, Sent
from lab.history.display import Row, Weight

_MOST_OPEN = 1000  # runs; usually there are as many as clients, steps and destinations
_SIGNS = {Weight.PLAIN: " ", Weight.STEP: "▸", Weight.FAULT: "!"}
_ASCII_SIGNS = {**_SIGNS, Weight.STEP: ">"}
_STYLES = {Weight.PLAIN: "", Weight.STEP: "\033[1m", Weight.FAULT: "\033[1;31m"}
_WHO = 18

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


def heading(header: Header, *, only_ascii: bool) -> str:
    """Return the heading: the run's facts, and the titles of the columns."""
    versions = ", ".join(f"{broker} {version}" for broker, version in header.activemq.items())
    parts = [f"run {header.run}", header.scenario, f"seed {header.seed}", header.started]
    changed = header.declared.get("set")
    if isinstance(changed, dict):
        parts += [f"set {key}={value}" for key, value in changed.items()]
    head = " · ".join([*parts, f"ActiveMQ: {versions}"] if versions else parts)
    return f"{plain_line(head, only_ascii)}\n{'  seconds':<21}   {'who':<{_WHO}} what\n"


def text(row: Row, *, only_ascii: bool, colour: bool) -> str:
    """Return a row as one line; no fact is shown by colour alone."""
    when = f"{row.t:9.3f}" if row.until is None else f"{row.t:9.3f} – {row.until:.3f}"
    sign = (_ASCII_SIGNS if only_ascii else _SIGNS)[row.weight]
    written = plain_line(f"{when:<21} {sign} {row.actor:<{_WHO}} {row.text}", only_ascii)
    style = _STYLES[row.weight] if colour else ""
    return f"{style}{written}\033[0m\n" if style else f"{written}\n"


def remainder(cut_short_at: int | None, *, ended: bool, standing: bool = False, open: bool | None = None) -> str:
    """Return the missing part at the end of a history, in words; "" if it is complete.

    `cut_short_at` is the number of a half-written line; `ended` tells whether the history has its last line, `standing`
    whether it is of a running lab, and `open` whether its lab is there: None if that is not known here.
    """
    if cut_short_at is not None:
        return f"the history is cut short: its line {cut_short_at} is incomplete and ignored"
    if ended:
        return ""
    if open:
        return f"the {'lab is running' if standing else 'run still goes on'}: this is its history up to now"
    if standing:
        why = "the lab was gone before it was ended, or it runs on another machine"
    else:
        why = "the run was killed" + (", or still goes on" if open is None else "")
    return f"the history ends without its last line: {why}"
