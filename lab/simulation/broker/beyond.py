"""What no broker was seen to do: somebody is told, and what the models do from then on is a guess."""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn

from lab.errors import PlanError

Tell = Callable[[str, int], None]  # what, as a clause, and since when in ns


def refuse(what: str, since: int) -> NoReturn:
    """Raise PlanError: who hands in nothing to be told wants no guesses."""
    raise PlanError(what, "the simulation does not know what a real broker does then: run it with --runtime emulation")
