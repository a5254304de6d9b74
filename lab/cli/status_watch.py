"""`status --watch`: the status of a lab and its latest events, again and again."""

from __future__ import annotations

import sys
from contextlib import closing

from lab.base.interrupts import until_a_signal
from lab.cli import options, status_text
from lab.living.lab import Live
from lab.living.polls import Events
from lab.report.timeline import text

_EVENTS = 5


def watch(live: Live, seconds: float) -> None:
    """Print the status of a lab every so many seconds until Ctrl-C; raise InputError once it has ended.

    On a terminal, an update replaces the one before.
    """
    console, only_ascii = options.out(), options.only_ascii()
    with closing(Events(live)) as events, until_a_signal(KeyboardInterrupt):
        while True:
            status = live.status()
            events.read()
            if console.is_terminal:
                console.clear()
            status_text.show(status, console)
            console.print("\nevents", style="bold")
            for row in events.latest(_EVENTS):
                line = text(row, only_ascii=only_ascii, colour=console.color_system is not None)
                sys.stdout.buffer.write(line.encode("utf-8", "backslashreplace"))
            console.print()
            sys.stdout.flush()
            live.lab.clock.sleep(seconds)
