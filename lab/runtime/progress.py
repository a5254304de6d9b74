"""Progress: stages and remarks of a long operation, told to a terminal or, where there is none, to a program's log."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

_LOG = logging.getLogger("lab")


class Progress(Protocol):
    """Who is told how far a long thing has come."""

    def stage(self, what: str) -> AbstractContextManager[None]:
        """Name a stage; leaving it ends it."""
        ...

    def say(self, note: str) -> None:
        """Add a remark to the stage that is on."""
        ...


class Told(Progress, Protocol):
    """A Progress that also takes what passes, and what must not be missed."""

    def tell(self, note: str) -> None:
        """Show a passing remark while a stage lasts."""
        ...

    def warn(self, what: str) -> None:
        """Show something that nobody asked for."""
        ...


class Logged:
    """Tells the log `lab`: stages and remarks as information, warnings as such: Python shows those anyway."""

    @contextmanager
    def stage(self, what: str) -> Iterator[None]:
        """Note a stage as it begins."""
        _LOG.info("%s", what)
        yield

    def say(self, note: str) -> None:
        """Note a remark."""
        _LOG.info("%s", note)

    def tell(self, note: str) -> None:
        """Note what passes."""
        _LOG.debug("%s", note)

    def warn(self, what: str) -> None:
        """Note what must not be missed."""
        _LOG.warning("%s", what)
