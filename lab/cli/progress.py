"""Progress on stderr: a line per stage with the time it took, and a spinner meanwhile on a terminal."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.status import Status


class TerminalProgress:
    """Shows stages as they come; only warnings if `quiet`."""

    def __init__(self, console: Console, *, quiet: bool = False) -> None:
        self._console = console
        self._quiet = quiet
        self._notes: list[str] = []
        self._status: Status | None = None
        self._what = ""

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Show a stage during the block, and at its end the time it took."""
        started = time.monotonic()
        self._what = name
        self._notes.clear()
        if not self._quiet and self._console.is_terminal:
            self._status = self._console.status(name)
            self._status.start()
        try:
            yield
        finally:
            if self._status is not None:
                self._status.stop()
                self._status = None
        if not self._quiet:
            note = f"  [dim]{escape('; '.join(self._notes))}[/dim]" if self._notes else ""
            self._console.print(
                f"[green]✔[/green] {name}{note} [dim]({time.monotonic() - started:.1f} s)[/dim]", highlight=False
            )

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
