"""Runtimes are known by name, and what one needs is loaded when it is asked for."""

from __future__ import annotations

import subprocess
import sys

import pytest

from lab.errors import InputError
from lab.runtimes import USUAL, runtime

LOADED = "import sys, lab.labs, lab.cli.labs; print({'docker', 'lab.emulation'} & sys.modules.keys())"


def test_the_usual_runtime_has_the_name_that_notes_and_histories_have() -> None:
    assert runtime(USUAL, {}).name == USUAL


def test_a_name_that_no_runtime_has_is_refused() -> None:
    with pytest.raises(InputError, match='no runtime named "steam"\n  there is: emulation'):
        runtime("steam", {})


def test_what_opens_labs_is_imported_without_an_engine() -> None:
    said = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True, check=True, timeout=120)
    assert said.stdout.strip() == "set()"
