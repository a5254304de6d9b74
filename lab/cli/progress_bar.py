"""A bar on a terminal of how many of many runs are done."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from lab.cli import options


@contextmanager
def bar(count: int, quiet: bool) -> Iterator[Callable[[], None]]:
    """Show on a terminal how many runs are done, and how long the others may take; elsewhere nothing."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeElapsedColumn, TimeRemainingColumn

    console = options.err()
    if quiet or not console.is_terminal:
        yield lambda: None
        return
    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("runs", total=count)
        yield lambda: bar.advance(task)
