"""The interval of a history that is judged: all of it, or the part between two marks of a running lab.

Earlier observations still show the state at its beginning; but steps, messages and log lines before it do not count.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import inf

from lab.base.dataclass import dataclass
from lab.errors import InputError
from lab.history import (
    Approached,
    Attempted,
    BridgeSeen,
    ClientChanged,
    ConfigurationSaved,
    Demand,
    LogLine,
    Marked,
    Observation,
    Paced,
    StepEnded,
    StepStarted,
    Uncalibrated,
)

_OF_A_MOMENT = (StepStarted, StepEnded, LogLine, Approached, Attempted, Paced, ConfigurationSaved)


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """Begin and end in seconds, and the marks that name them, in words."""

    begin: float = -inf
    end: float = inf
    text: str = ""

    def of(self, observations: Iterable[Observation]) -> Iterable[Observation]:
        """Return the observations that count for this interval."""
        return observations if self == WHOLE else self._cut(observations)

    def _cut(self, observations: Iterable[Observation]) -> Iterator[Observation]:
        later: set[str] = set()
        for seen in observations:
            if seen.t > self.end:
                if isinstance(seen, Uncalibrated) and seen.since <= self.end:
                    yield seen
                elif isinstance(seen, BridgeSeen | Demand) and seen.last_look is not None:
                    if seen.last_look < self.end:
                        yield seen  # what it tells may have been so by then
                elif isinstance(seen, LogLine) and seen.times > 1:
                    yield seen  # it stands for several lines, some of which may be of the interval
                elif isinstance(seen, ClientChanged) and seen.state == "listening" and seen.client not in later:
                    later.add(seen.client)  # so it was listening until the end
                    yield ClientChanged(t=self.end, client=seen.client, broker=seen.broker, state="listening")
            elif seen.t >= self.begin or not isinstance(seen, _OF_A_MOMENT):
                yield seen


WHOLE = Interval()


def between(marks: Iterable[Marked], since: str | None, until: str | None) -> Interval:
    """Return the interval between two marks, by their texts; the last of several marks with one text counts.

    Raise InputError if a mark is missing, or if they are in the wrong order.
    """
    if since is None and until is None:
        return WHOLE
    known = {mark.text: mark.t for mark in marks}
    for text in (since, until):
        if text is not None and text not in known:
            listed = ", ".join(f'"{each}"' for each in known)
            option = "--from" if text == since else "--to"
            right = (
                f"name a mark of it: {listed}"
                if known
                else f"leave out {option}: mqlab mark adds marks to a running lab"
            )
            raise InputError.of(f'no mark "{text}" in this history', right)
    begin, end = (-inf if since is None else known[since]), (inf if until is None else known[until])
    if begin > end:
        raise InputError.of(f'the mark "{until}" was made before "{since}"', "name the earlier one first")
    words = [f'{way} the mark "{text}" ({known[text]:.3f} s)' for way, text in (("from", since), ("to", until)) if text]
    return Interval(begin=begin, end=end, text=" ".join(words))
