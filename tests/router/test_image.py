"""The router's programs run on what their image holds, and on Python's standard library alone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.router import namespaces


@pytest.mark.parametrize("program", ["router.py", "linkctl.py", "relay.py"])
def test_a_program_imports_only_what_is_in_the_image(tmp_path: Path, program: str) -> None:
    namespaces.lay_out(tmp_path)
    # Without site there is neither an installed package nor this checkout.
    command = [sys.executable, "-S", "-E", str(tmp_path / program), "--help"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
