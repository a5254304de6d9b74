"""A thousand damaged inputs: no traceback, no hang, an exit code of the family, and a place for whatever is refused.

MQLAB_FUZZ_SEED and MQLAB_FUZZ_CASES ask for others; `python -m tests.fuzz --seed S --first N --cases 1` repeats one.
"""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.fuzz.kinds import ROOT

SEED = os.environ.get("MQLAB_FUZZ_SEED", "1")
CASES = int(os.environ.get("MQLAB_FUZZ_CASES", "1000"))
PARTS = 4  # for as many processors


@pytest.mark.sampled(1)
@pytest.mark.parametrize("part", range(PARTS))
def test_whatever_is_handed_in_is_taken_or_refused_in_words(part: int) -> None:
    first, behind = (CASES * each // PARTS for each in (part, part + 1))
    words = [sys.executable, "-m", "tests.fuzz", "--seed", SEED, "--first", str(first), "--cases", str(behind - first)]
    ended = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    print(ended.stdout)
    assert ended.returncode == 0, f"{ended.stdout[-5000:]}{ended.stderr[-2000:]}"


def test_what_the_fuzz_looks_for_it_finds() -> None:
    """A traceback, a hang, a refusal without a place, too much memory."""
    words = [sys.executable, "-m", "tests.fuzz.found"]
    ended = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.stdout.split() == ["RecursionError", "TooLong", "Wrong", "MemoryError", "sound"]
