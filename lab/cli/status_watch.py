"""`status --watch`: a lab polled again and again, on a screen of its own or block by block."""

from __future__ import annotations

from contextlib import ExitStack, closing

from rich.console import Console, Group
from rich.live import Live as Screen

from lab.base.interrupts import until_a_signal
from lab.cli import options
from lab.cli.status_screen import screen
from lab.living.lab import Live
from lab.living.polls import Look, Looks


def watch(live: Live, seconds: float) -> None:
    """Show a lab every so many seconds until Ctrl-C; raise InputError once it has ended.

    On a terminal, a screen shows the lab, and the last screen stays. Elsewhere each poll prints a block of lines.
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
