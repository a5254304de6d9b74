"""What no broker was seen to do: it is told, and what the models do from then on is a guess."""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn

from lab.errors import PlanError

Tell = Callable[[str, int], None]  # what, as a clause, and since when in ns


def refuse(what: str, since: int) -> NoReturn:
    """Raise PlanError: without a callback to be told, no guess is wanted."""
    raise PlanError(what, "the simulation does not know what a real broker does then: run it with --runtime emulation")
