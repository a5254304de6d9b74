"""Behaviour that was never measured: the history records it, and later results are a guess."""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn

from lab.errors import PlanError

Tell = Callable[[str, int], None]  # what, as a clause, and since when in ns


def refuse(reason: str, since: int) -> NoReturn:
    """Raise PlanError: without a callback, the simulation must not guess."""
    raise PlanError(reason, "run it with --runtime emulation: the simulation has no measurement of a real broker here")
