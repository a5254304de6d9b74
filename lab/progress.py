"""Who is told how far a long thing has come, and what is remarkable: a terminal, or where none is, a program's log."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from lab.runtime.base import Progress

_LOG = logging.getLogger("lab")


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
