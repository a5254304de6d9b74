"""Tests on real brokers that failed beside others, run once more alone: `python -m tests.again`, after pytest failed.

Two workers share a small machine with a dozen brokers, so a broker may be slower than a test waits. A few such tests
get a second try on the idle machine, and each is named, so that its wait can be mended. A test without a broker gets
none, and many failures get none: they have another cause.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

MOST = 3  # tests
FAILED = Path(".pytest_cache/v/cache/lastfailed")
ON_BROKERS = ("tests/integration/", "tests/router/")


def chosen(failed: list[str]) -> list[str]:
    """Return the tests that get a second try: all that failed, or none."""
    return failed if 0 < len(failed) <= MOST and all(test.startswith(ON_BROKERS) for test in failed) else []


def main() -> int:
    """Run them, and return pytest's exit code; 1 if there is no second try."""
    failed = list(json.loads(FAILED.read_text("utf-8"))) if FAILED.exists() else []
    again = chosen(failed)
    if not again:
        return 1
    print(f"\nfailed beside other tests, and run once more alone: {', '.join(again)}", flush=True)
    return int(pytest.main(again))


if __name__ == "__main__":
    sys.exit(main())
