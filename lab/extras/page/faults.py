"""The words for an error that only a fault of mqlab can raise."""

from __future__ import annotations

import traceback


def fault(error: Exception) -> str:
    """Return the class and the place of an unexpected error; its text may have a password."""
    where = traceback.extract_tb(error.__traceback__)[-1]
    return f"a fault of mqlab: {type(error).__name__} at {where.name}, line {where.lineno}"
