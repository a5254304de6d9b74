"""Histories beside what `mqlab history` makes of them; `timelines/` has the expected text, one file for each case.

`python -m tests.report.timeline_cases` writes the texts anew, to be looked at with `git diff` before they are believed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from lab.history import Observation, read
from lab.history.display import Row
from lab.report.choice import Choice, Chooser
from lab.report.story import Story
from lab.report.timeline import folded, heading, text

HERE = Path(__file__).parent / "timelines"
JUDGED = Path(__file__).parents[1] / "judge"

Rows = Callable[[Iterable[Observation]], Iterable[Row]]


def story(message: str) -> Rows:
    def tell(observations: Iterable[Observation]) -> Iterable[Row]:
        told = Story(message)
        for seen in observations:
            told.add(seen)
        return told.rows()

    return tell


def unfolded(observations: Iterable[Observation]) -> Iterator[Row]:
    return (each.row() for each in observations)


CASES: dict[str, tuple[str, Choice, Rows]] = {
    "lost-in-a-cut": ("lost-in-a-cut", Choice(), folded),
    "lost-in-a-cut, broker tokyo": ("lost-in-a-cut", Choice(broker="tokyo"), folded),
    "lost-in-a-cut, client tk, from 3 s": ("lost-in-a-cut", Choice(client="tk", since=3.0), unfolded),
    "lost-in-a-cut, sent and acked": ("lost-in-a-cut", Choice(kinds=frozenset(["sent", "acked"])), folded),
    "lost-in-a-cut, message 3-6": ("lost-in-a-cut", Choice(), story("3-6")),
    "lost-in-a-cut, message 3-9": ("lost-in-a-cut", Choice(), story("3-9")),
    "lost-without-demand": ("lost-without-demand", Choice(), folded),
    "bodies-by-digest": ("bodies-by-digest", Choice(), folded),
    "bodies-by-digest, message 4-1": ("bodies-by-digest", Choice(), story("4-1")),
    "duplicated-after-healing": ("duplicated-after-healing", Choice(), folded),
    "unknown-sends-recovered": ("unknown-sends-recovered", Choice(), folded),
    "kept-while-away, client lost": ("kept-while-away", Choice(client="lost"), folded),
    "kept-while-away, message 4-1": ("kept-while-away", Choice(), story("4-1")),
    "given-back": ("given-back", Choice(), folded),
    "given-back, message 2-3": ("given-back", Choice(), story("2-3")),
    "selected-and-expired, message 3-1": ("selected-and-expired", Choice(), story("3-1")),
    "standing, message 2-1": ("standing", Choice(), story("2-1")),
    "cut-short": ("cut-short", Choice(), folded),
    "browsed": ("browsed", Choice(), folded),
    "browsed, message 1-2": ("browsed", Choice(), story("1-2")),
    "answered": ("answered", Choice(), folded),
    "answered, message 4-1": ("answered", Choice(), story("4-1")),
}


def shown(name: str, *, only_ascii: bool = False, colour: bool = False) -> str:
    folder, choice, rows = CASES[name]
    history = read(JUDGED / folder / "history.jsonl")
    chosen = filter(Chooser(choice, history.header).takes, history.observations)
    told = (text(row, only_ascii=only_ascii, colour=colour) for row in rows(chosen))
    return heading(history.header, only_ascii=only_ascii) + "".join(told)


if __name__ == "__main__":
    for case in CASES:
        (HERE / f"{case}.txt").write_text(shown(case), encoding="utf-8")
