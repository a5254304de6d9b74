"""Progress: stages and notes of a long operation, shown on a terminal or written to a program's log."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

_LOG = logging.getLogger("lab")


class Progress(Protocol):
    """A receiver of the stages of a long operation."""

    def stage(self, name: str) -> AbstractContextManager[None]:
        """Return a context manager for a stage; its block is the stage."""
        ...

    def say(self, note: str) -> None:
        """Add a note to the current stage."""
        ...


class Told(Progress, Protocol):
    """A Progress that also receives passing notes and warnings."""

    def tell(self, note: str) -> None:
        """Show a passing note while a stage lasts."""
        ...

    def warn(self, warning: str) -> None:
        """Show a warning."""
        ...


class Logged:
    """A Progress that writes to the log `lab`: stages and notes as information, warnings as warnings."""

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Log the stage when it begins."""
        _LOG.info("%s", name)
        yield

    def say(self, note: str) -> None:
        """Log a note."""
        _LOG.info("%s", note)

    def tell(self, note: str) -> None:
        """Log a passing note, for debugging."""
        _LOG.debug("%s", note)

    def warn(self, warning: str) -> None:
        """Log a warning."""
        _LOG.warning("%s", warning)
