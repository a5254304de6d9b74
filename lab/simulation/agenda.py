"""The future events of a simulation, in the order of their moments; at one moment in the order of their creation.

A heap has the events of the present slice of time. Events of a later slice lie in a list, which becomes the heap in its
turn. So the heap stays small, and distant events are not compared with near ones.
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heapify, heappop, heappush
from itertools import count
from typing import Any

Timer = list[Any]  # an event to come: its time, number, function, arguments; a list is made and compared fastest
_SLICE = 21  # bits of ns: some 2 ms


def cancel(timer: Timer) -> None:
    """Cancel an event; a past event is not affected."""
    timer[2] = None


class Agenda:
    """The events after `now`, a moment in ns that only increases."""

    def __init__(self) -> None:
        self.now = 0
        self._heap: list[Timer] = []  # it has all before `_soon`, which is after now
        self._soon = 1 << _SLICE
        self._later: dict[int, list[Timer]] = {}  # by slice
        self._slices: list[int] = []  # a heap of those
        self._numbers = count()

    def at(self, t: int, do: Callable[..., object], *arguments: object) -> Timer:
        """Call a function at a moment, or after all events due now if the moment is past; return its timer."""
        if t < self._soon:
            heappush(self._heap, timer := [t if t > self.now else self.now, next(self._numbers), do, arguments])
        else:
            timer = [t, next(self._numbers), do, arguments]
            if (its := self._later.get(t >> _SLICE)) is not None:
                its.append(timer)
            else:
                self._begin_slice(timer)
        return timer

    def after(self, delay: int, do: Callable[..., object], *arguments: object) -> Timer:
        """Call a function after so many ns; return its timer."""
        if (t := self.now + delay) < self._soon:  # written out, as `at`: most events are made here, one call sooner
            heappush(self._heap, timer := [t, next(self._numbers), do, arguments])
        else:
            timer = [t, next(self._numbers), do, arguments]
            if (its := self._later.get(t >> _SLICE)) is not None:
                its.append(timer)
            else:
                self._begin_slice(timer)
        return timer

    def _begin_slice(self, timer: Timer) -> None:
        number = timer[0] >> _SLICE
        heappush(self._slices, number)
        self._later[number] = [timer]

    def _turn(self) -> bool:
        """Fill the heap, which is empty, with the next slice that has events; return whether there is one."""
        later, slices = self._later, self._slices
        while slices:
            if its := later.get(number := slices[0]):
                heapify(its)
                # in one statement, within which no signal is served: what is in both, or in none, would go wrong
                self._soon, self._heap[:], its[:] = (number + 1) << _SLICE, its, ()
            later.pop(number, None)
            heappop(slices)
            if self._heap:
                return True
        self._soon = ((self.now >> _SLICE) + 2) << _SLICE
        return False
