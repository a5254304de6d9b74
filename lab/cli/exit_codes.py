"""The exit codes of a command that has judged runs; errors have theirs in `lab.errors`."""

from __future__ import annotations

PASSED, NOT_PASSED = 0, 1
JUDGED = (PASSED, NOT_PASSED)  # every run has verdicts


def judged(*, passed: bool) -> int:
    """Return the exit code for verdicts."""
    return PASSED if passed else NOT_PASSED
