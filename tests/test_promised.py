"""Under MQLAB_TEST_PROMISED nothing is skipped: what the machine lacks is a failure that says so."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SKIPS = """
import pytest
from tests.promised import lacking

def test_lacks(): lacking("no chromium: install it")
def test_skips(): pytest.skip("too lazy")
@pytest.mark.skipif(True, reason="marked")
def test_marked(): pass
@pytest.mark.xfail(reason="known")
def test_known(): assert False
"""


@pytest.mark.parametrize(
    ("promised", "outcomes"), [("", "3 skipped, 1 xfailed"), ("1", "2 failed, 1 xfailed, 1 error")]
)
def test_what_is_promised_is_not_skipped(tmp_path: Path, promised: str, outcomes: str) -> None:
    told = run(tmp_path, SKIPS, promised)
    assert outcomes in told
    for reason in ("no chromium: install it", "too lazy", "marked") if promised else ():
        assert reason in told


@pytest.mark.release
def test_nor_is_a_whole_file(tmp_path: Path) -> None:
    assert "1 skipped" in run(tmp_path, "import pytest\npytest.importorskip('no_such_module')\n", "")
    assert "1 error" in run(tmp_path, "import pytest\npytest.importorskip('no_such_module')\n", "1")


def run(folder: Path, text: str, promised: str) -> str:
    """Run a file of tests as one beside ours, and give what pytest says."""
    (folder / "test_it.py").write_text(text)
    shutil.copy(Path(__file__).with_name("conftest.py"), folder)
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-rs", str(folder)],
        env={**os.environ, "MQLAB_TEST_PROMISED": promised, "PYTHONPATH": str(Path(__file__).parents[1])},
        cwd=folder,
        text=True,
        capture_output=True,
        check=False,
    )
    return ended.stdout
