"""What happens where a machine lacks what a test needs."""

from __future__ import annotations

import os
from typing import Any, NoReturn

import pytest

PROMISED = "MQLAB_TEST_PROMISED"


def lacking(reason: str) -> NoReturn:
    """Skip the test and say why; under `make test`, which promises its tests, fail."""
    if os.environ.get(PROMISED):
        pytest.fail(reason)
    pytest.skip(reason)


def kept(report: Any, *, promised: bool) -> Any:
    """Return a report as it is, or a failure where a test was skipped that was promised, however that came."""
    if promised and report.skipped and not hasattr(report, "wasxfail"):
        _, _, reason = report.longrepr if isinstance(report.longrepr, tuple) else ("", 0, str(report.longrepr))
        report.outcome = "failed"
        report.longrepr = f"{reason}\n{PROMISED} promises every test, so none may be skipped"
    return report
