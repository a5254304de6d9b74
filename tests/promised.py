"""What happens where a machine lacks what a test needs."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest


def lacking(reason: str) -> NoReturn:
    """Skip the test and say why; under `make test`, which promises every test, fail."""
    if os.environ.get("MQLAB_TEST_ALL"):
        pytest.fail(reason)
    pytest.skip(reason)
