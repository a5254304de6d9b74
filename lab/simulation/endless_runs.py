"""The errors of runs that would never end: they name the event that repeats, and end the run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

from lab.base.units import format_duration
from lab.errors import LabTimeout

ROUNDS = 50  # that a message may make: by then it is its circle that decides, and no broker's speed
_FIRST = 2 * ROUNDS  # brokers on a message's path before which nobody need look


def endless(horizon: int, do: Callable[..., object], arguments: Sequence[object]) -> LabTimeout:
    """Return the error of a run that has passed the horizon, in ns; it names an event that is due."""
    past = format_duration(timedelta(seconds=horizon / 1e9))
    return LabTimeout(f"virtual time does not end: {past} have passed, and {_named(do, arguments)} is due")


def stormy(most: int, t: int, do: Callable[..., object], arguments: Sequence[object]) -> LabTimeout:
    """Return the error of a run in which more than so many events came within a second; `t` is the moment in ns."""
    often = f"more than {most:,} events within a second, at {t / 1e9:.3f} s"
    return LabTimeout(f"virtual time does not advance: {often}, now {_named(do, arguments)}")


def refuse_circle(path: Sequence[str], connector: str) -> None:
    """Raise LabTimeout if a message goes round in a circle of brokers; `path` has the ids of the brokers it passed."""
    if len(path) <= _FIRST or (rounds := path.count(path[-1])) <= ROUNDS:
        return
    begin = len(path) - 2 - path[-2::-1].index(path[-1])
    circle = " → ".join(each.removeprefix("ID:").rsplit("-", 3)[0] for each in path[begin:])
    raise LabTimeout(
        f"a message goes round in a circle: {circle}, over {connector}, {rounds} times by now",
        "remove replayWhenNoConsumers or the demand of one side: real brokers repeat the circle too",
    )


def _named(do: Callable[..., object], arguments: Sequence[object]) -> str:
    """Return the name of the function that an event calls, by itself or as the first argument of another one."""
    its = arguments[0] if arguments and callable(arguments[0]) else do
    return str(getattr(its, "__qualname__", type(its).__name__))
