"""`status --watch`: a lab looked at again and again, on a screen of its own or block by block."""

from __future__ import annotations

from collections import deque
from contextlib import ExitStack, closing
from datetime import datetime

from rich.console import Console, Group
from rich.live import Live as Screen

from lab.cli import options
from lab.cli.status_screen import Look, screen
from lab.history import Counted, Follower
from lab.interrupts import until_a_signal
from lab.living.history import file_of
from lab.living.lab import Live
from lab.report.message_runs import folded
from lab.report.rows import is_news
from lab.report.rows.row import Row

_EVENTS = 100  # that are remembered: more than a screen has lines for


def watch(live: Live, seconds: float) -> None:
    """Show a lab every so many seconds until Ctrl-C; raise InputError once it has ended.

    A terminal has a screen for it, and keeps the last one. Elsewhere each look is a block of lines.
    """
    console = options.out()
    before: Look | None = None
    with closing(Looks(live)) as looks, ExitStack() as open_screen:
        shown = open_screen.enter_context(_screen(console)) if console.is_terminal else None
        with until_a_signal(KeyboardInterrupt):
            while True:
                now = looks.look()
                if shown is not None:
                    shown.update(_lines(console, now, before, console.height), refresh=True)
                else:
                    console.print(_lines(console, now, before, None), "")
                    console.file.flush()
                last, before = (now, before), now
                live.lab.clock.sleep(seconds)
        open_screen.close()
        if shown is not None and before is not None:
            console.print(_lines(console, *last, console.height))


def _screen(console: Console) -> Screen:
    return Screen(console=console, screen=True, auto_refresh=False, redirect_stdout=False, redirect_stderr=False)


def _lines(console: Console, now: Look, before: Look | None, height: int | None) -> Group:
    its = screen(now, before, width=console.width, height=height, ascii=options.only_ascii())
    return Group(*its)


class Looks:
    """Looks at a lab, each with the events of its history up to then."""

    def __init__(self, live: Live) -> None:
        self._live = live
        path = file_of(live.lab.note)
        self._history = Follower(path) if path.exists() else None  # none of a lab that an early version opened
        self._events: deque[Row] = deque(maxlen=_EVENTS)

    def look(self) -> Look:
        """Return a poll of the lab's present state."""
        status, lab = self._live.status(), self._live.lab
        counted = tuple(each for each in lab.management.snapshot("watch") if isinstance(each, Counted))
        if self._history is not None:
            self._events += folded(filter(is_news, self._history.new()))
        return Look(
            clock=datetime.now().strftime("%H:%M:%S"),
            t=lab.clock.now(),
            status=status,
            counted=counted,
            events=tuple(sorted(self._events, key=lambda row: row.t)),  # logs are read later than they are written
        )

    def close(self) -> None:
        """Close the history."""
        if self._history is not None:
            self._history.close()
