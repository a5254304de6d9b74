"""Progress on stderr: a line per stage with its time, a sign meanwhile that it lasts, and a bar of many runs."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from rich.console import Console
from rich.markup import escape
from rich.status import Status

LATE_SECONDS = 5.0  # after which work without output says that it lasts; then after twice as long each time


class TerminalProgress:
    """Shows stages as they come; only warnings if `quiet`."""

    def __init__(self, console: Console, *, quiet: bool = False, late_seconds: float = LATE_SECONDS) -> None:
        self._console, self._late = console, late_seconds
        self._quiet = quiet
        self._notes: list[str] = []
        self._status: Status | None = None
        self._what = ""

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Show a stage during the block, and at its end the time it took."""
        started = time.monotonic()
        self._notes.clear()
        with self.waiting(name):
            yield
        if not self._quiet:
            note = f"  [dim]{escape('; '.join(self._notes))}[/dim]" if self._notes else ""
            self._console.print(
                f"[green]✔[/green] {name}{note} [dim]({time.monotonic() - started:.1f} s)[/dim]", highlight=False
            )

    @contextmanager
    def waiting(self, work: str) -> Iterator[None]:
        """Show during the block that work lasts: by a spinner on a terminal, else by a line from five seconds on."""
        self._what = work
        over = threading.Event()
        thread = threading.Thread(target=self._repeat, args=(work, over), name="mqlab-progress", daemon=True)
        if not self._quiet and self._console.is_terminal:
            self._status = self._console.status(work)
            self._status.start()
        elif not self._quiet:
            with suppress(RuntimeError):  # the interpreter ends, and begins no thread
                thread.start()
        try:
            yield
        finally:
            over.set()
            if thread.ident is not None:
                thread.join()
            if self._status is not None:
                self._status.stop()
                self._status = None

    def _repeat(self, work: str, over: threading.Event) -> None:
        started, seconds = time.monotonic(), self._late
        while not over.wait(seconds):
            self._console.print(f"… {work} [dim]({time.monotonic() - started:.0f} s so far)[/dim]", highlight=False)
            seconds = max(2 * seconds, 1.0)

    def say(self, note: str) -> None:
        """Keep a note for the end of the stage."""
        self._notes.append(note)

    def warn(self, warning: str) -> None:
        """Print a warning, even if `quiet`."""
        self._console.print(f"[yellow]warning:[/yellow] {escape(warning)}", soft_wrap=True, highlight=False)

    def tell(self, note: str) -> None:
        """Show a passing note while a stage lasts."""
        if self._status is not None:
            self._status.update(f"{self._what}: {note}")


@contextmanager
def bar(console: Console, count: int, quiet: bool) -> Iterator[Callable[[], None]]:
    """Show on a terminal how many runs are done, and how long the others may take; elsewhere nothing."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeElapsedColumn, TimeRemainingColumn

    if quiet or not console.is_terminal:
        yield lambda: None
        return
    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("runs", total=count)
        yield lambda: bar.advance(task)
