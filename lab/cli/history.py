"""history: the events of a run, line by line, for people and for programs."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from math import inf
from pathlib import Path

from lab.base import extras, units
from lab.base.printable import plain_json
from lab.base.suggestions import unknown
from lab.base.text_files import why_not_a_file
from lab.cli import completion, options
from lab.cli.chosen_run import folder_of, runs_folder
from lab.cli.options import FORCE, JSON, argument, flag, option
from lab.errors import InputError
from lab.history import KINDS, Ended, Follower, Header, Observation, damage, line, observations
from lab.history.display import Row
from lab.report.choice import Choice, Chooser, in_time
from lab.report.story import Story
from lab.report.timeline import folded, heading, remainder, text
from lab.runtime.clock import RealClock

HISTORY = argument(
    "[FILE|RUN]", "A history.jsonl, a run folder, or the start or end of a run id (default: the latest run)."
)


def history(
    run: str | None = HISTORY,
    broker: str | None = option("--broker NAME", "The broker whose events are shown, with the events of its links."),
    client: str | None = option("--client NAME", "The client whose events are shown."),
    message: str | None = option("--message ID", "The id of the message whose events are shown, for example 3-1."),
    kind: list[str] | None = option("--kind KIND", "The kind of events to show, for example sent (repeatable)."),
    since: str | None = option("--from TIME", "The time in the replay from which events are shown, for example 12.5s."),
    until: str | None = option("--to TIME", "The time in the replay up to which events are shown."),
    unfold: bool = flag("--unfold", "Print one line for each message, instead of one for each group."),
    follow: bool = flag("--follow -f", "Print new events until the run or the lab ends."),
    as_scenario: Path | None = option(
        "--as-scenario FILE", "The file of a scenario to write, with the steps of the run at their times."
    ),
    expect: str | None = option(
        "--expect SCENARIO",
        "The scenario whose sections expect and clients are copied into the file of --as-scenario.",
        complete=completion.scenarios,
    ),
    force: bool = FORCE,
    json: bool = JSON,
) -> int:
    """Show the events of a run as a timeline, with one line for each group of messages.

    With --as-scenario, the steps of the run, or the acts by hand in a running lab, become a scenario. The exit code is
    1 if `mqlab check` refuses the scenario.

    Example: mqlab history --kind bridge
    """
    if as_scenario is not None:
        code: int = extras.hook("history_as_scenario")(find(run, "history"), as_scenario, expect, force=force)
        return code
    choice = _choice(broker, client, kind or [], since, until)

    def show(observations: Iterable[Observation]) -> None:
        if json:
            for each in observations:
                _put(plain_json(line(each)))
        else:
            told = observations if choice.kinds else (each for each in observations if each.is_news)
            if not follow:
                told = in_time(told)
            _show((each.row() for each in told) if unfold else folded(told))

    path = find(run, "history")
    if follow:
        _follow(path, choice, show, json=json)
        return 0
    reading = _Reading(path)
    if message is not None:
        _print(reading, message, json)
    else:
        chooser = Chooser(choice, reading.header)
        _head(reading.header, json=json)
        show(reading if choice == Choice() else filter(chooser.takes, reading))
        chooser.check()
    sys.stdout.flush()
    damaged = damage(path)
    notes = (
        remainder(
            reading.cut_short_at,
            ended=reading.ended,
            standing=reading.header.standing,
            open=None if reading.ended else _open(reading.header.run),
        ),
        damaged and f"the history is damaged: {path.name}: {damaged}",
    )
    for note in filter(None, notes):
        options.err().print(f"mqlab: {note}", soft_wrap=True, markup=False)
    return 0


def _open(run: str) -> bool | None:
    """Return whether the lab of a run is open; None if this machine has no state file of the lab."""
    from lab.runtime import state_file as state_files
    from lab.runtime.owner import Owner

    found = next((each for each in state_files.noted(os.environ) if each.run == run), None)
    if found is None:
        return None
    owner = Owner.parse(found.owner)
    return found.detached or (owner is not None and not owner.is_dead(Owner.current()))


def find(named: str | None, command: str = "judge") -> Path:
    """Return the path of the history named by its path, its run folder or its run id; the latest run's for None.

    Raise InputError, which lists the runs, if there is none. `command` is the command that reads the history.
    """
    if named is not None and named != "latest":
        path = Path(named)
        what = why_not_a_file(path)
        if what == "is a folder":
            return _history_in(path)
        if path.suffix in (".yaml", ".yml"):
            if command in ("judge", "watch"):
                right = f"write mqlab {command} --scenario {named} for the latest run, or name another run before it"
            else:
                right = f"name a run, or latest for the latest run; mqlab run {named} makes a new run"
            raise InputError.of(f"{named} is a scenario's file, not a run", right)
        if what != "is not there" or path.suffix == ".jsonl" or os.sep in named:
            return path
    runs = runs_folder()
    if named is None or named == "latest":
        if why_not_a_file(runs / "latest") != "is a folder":
            raise InputError.of(f"there is no run under {runs} yet", "run mqlab run SCENARIO first")
        return _history_in(runs / "latest")
    return _history_in(folder_of(named))


def _history_in(folder: Path) -> Path:
    """Return the path of a run folder's history; raise InputError, which lists runs with a history, if it has none."""
    found = folder / "history.jsonl"
    if not found.exists():
        beside = (each.parent.name for each in folder.parent.glob("*/history.jsonl"))
        runs = sorted(each for each in beside if each != "latest")
        what = f"{folder.resolve().name} has no history: no scenario was replayed there"
        right = f"name a run with a history: {', '.join(runs[-10:])}" if runs else "run mqlab run SCENARIO first"
        raise InputError.of(what, right)
    return found


class _Reading:
    """An iterator over a history's observations; afterwards it knows how the file ended."""

    def __init__(self, path: Path) -> None:
        self._stream = observations(path)
        header = next(self._stream)
        assert isinstance(header, Header)  # the reader yields it first, or raises
        self.header = header
        self.ended = False
        self.cut_short_at: int | None = None

    def __iter__(self) -> Iterator[Observation]:
        seen: Header | Observation | None = None
        while True:
            try:
                seen = next(self._stream)
            except StopIteration as stop:
                self.ended, self.cut_short_at = isinstance(seen, Ended), stop.value
                return
            assert isinstance(seen, Observation)  # there is one header
            yield seen


def _choice(broker: str | None, client: str | None, kinds: list[str], since: str | None, until: str | None) -> Choice:
    problems = [unknown("kind", kind, KINDS, "kinds", None) for kind in kinds if kind not in KINDS]
    if problems:
        raise InputError(problems)
    limits = {}
    for spelled, name, value in (("--from", "since", since), ("--to", "until", until)):
        try:
            if value is not None:
                limits[name] = units.parse_duration(value).total_seconds()
        except (ValueError, OverflowError) as error:
            raise InputError.of(f"{spelled}: {error}") from error
    return Choice(broker=broker, client=client, kinds=frozenset(kinds), **limits)


def _follow(path: Path, choice: Choice, show: Callable[[Iterable[Observation]], None], *, json: bool) -> None:
    """Show the present and all later observations, until the history has ended."""
    with closing(Follower(path)) as follower:
        chooser = Chooser(choice, follower.header)
        chooser.check_early()
        _head(follower.header, json=json)

        def shown() -> bool:
            show(filter(chooser.takes, follower.new()))
            sys.stdout.flush()
            return follower.ended

        RealClock().wait(shown, inf)
        chooser.check()


def _head(header: Header, *, json: bool) -> None:
    if not json:
        _put(heading(header, only_ascii=options.only_ascii()))


def _print(reading: _Reading, message: str, json: bool) -> None:
    story = Story(message)
    for seen in reading:
        story.add(seen)
    rows = story.rows()
    if json:
        for seen in story.lines:
            _put(plain_json(line(seen)))
    else:
        _head(reading.header, json=False)
        _show(rows)


def _show(rows: Iterable[Row]) -> None:
    only_ascii, colour = options.only_ascii(), options.out().color_system is not None
    for row in rows:
        _put(text(row, only_ascii=only_ascii, colour=colour))


def _put(written: str) -> None:
    sys.stdout.buffer.write(written.encode("utf-8", "backslashreplace"))
