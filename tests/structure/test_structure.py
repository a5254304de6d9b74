"""lab/ has the structure that ARCHITECTURE.md says, and what breaks a rule of it is found with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.structure import measure, rules

CONTRACT = """
[importlinter:contract:one-way]
type = layers
layers =
    lab.cli
    lab.replay
    lab.emulation
    lab.units | lab.errors
"""
FOR_TYPES = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    "
INSIDE = "def inner() -> None:\n    "
BY_NAME = "from importlib import import_module\nimport_module('lab.cli')"

# Files of a package, named with _ for /, and what is said of them.
BROKEN = (
    (
        {"cli_a": "from . import b", "cli_b": "import lab.cli.c", "cli_c": "from .a import A"},
        "cli/a.py:1: imports itself",
    ),
    ({"cli_a": f"{FOR_TYPES}from lab.cli.b import B", "cli_b": "import lab.cli.a"}, "lab.cli.a, lab.cli.b"),
    ({"units": f"{INSIDE}from lab.cli import a", "cli_a": ""}, "units.py:2: lab.units is not above lab.cli"),
    ({"units": f"{FOR_TYPES}from lab.cli import a", "cli_a": ""}, "units.py:3: lab.units is not above lab.cli"),
    ({"units": BY_NAME}, "units.py:2: lab.units is not above lab.cli"),
    (
        {"units": "import lab.errors", "errors": "", "cli_a": "import lab.errors"},
        "units.py:1: lab.units is not above lab.errors",
    ),
    ({"cli_a": "from lab import units", "units": ""}, "units.py:1: lab.cli alone imports it"),
    ({"loose": ""}, "loose.py:1: lab.loose is in no layer"),
    ({"cli_long": "a = 1\n" * 501}, "cli/long.py:500: has 501 lines"),
    ({"cli_long": "import re\n# Over 500 lines, because\n" + "a = 1\n" * 501}, "cli/long.py:500: has 503 lines"),
    ({"units": f'{INSIDE}"""Give one."""'}, "units.py:2: a docstring begins"),
    ({"units": "import time\nnap = time.sleep"}, "units.py:2: only a Clock sleeps"),
    ({"units": "from time import sleep"}, "units.py:1: only a Clock sleeps"),
    ({"units": "from threading import Event\npause = Event()\npause.wait(1)"}, "units.py:2: only a Clock sleeps, and"),
    ({"units": "from threading import Event\na, pause = 1, Event()\npause.wait(1)"}, "units.py:2: only a Clock"),
    ({"units": "import threading\nthreading.Event().wait(1)"}, "units.py:2: only a Clock sleeps, and this Event"),
    ({"cli_a": "from docker.errors import NotFound"}, "cli/a.py:1: docker.errors is imported under"),
    ({"units": "import fcntl", "emulation_b": "import fcntl"}, "units.py:1: fcntl is not on every system"),
    ({"units": "import os\nnew = os.fork"}, "units.py:2: os.fork is not on every system"),
    ({"units": "from signal import SIGHUP"}, "units.py:1: signal.SIGHUP is not on every system"),
    ({"units": "from dataclasses import dataclass, field"}, "units.py:1: the dataclass of lab/base/dataclass.py"),
    ({"replay_a": "from threading import Lock"}, "replay/a.py:1: a replay's locks are those of"),
    ({"cli_a": "from lab.emulation import b", "emulation_b": ""}, "cli/a.py:1: lab.operating.runtimes alone knows"),
)

CLOCK = '''import time
import docker

def sleep() -> None:
    """Wait."""
    time.sleep(1)
'''

WOKEN = """from threading import Event

class Task:
    def __init__(self) -> None:
        self._end = Event()

    def run(self) -> None:
        self._end.wait(1)

    def close(self) -> None:
        self._end.set()
"""

CODE = '''"""Two
lines."""

import re

# why
ONE = (
    1,  # one
)

def two() -> str:
    """Say it."""
    return """a

b"""
'''


def package(folder: Path, **files: str) -> dict[str, measure.Module]:
    for name, text in files.items():
        path = folder / "lab" / f"{name.replace('_', '/')}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (folder / ".importlinter").write_text(CONTRACT)
    return measure.modules(folder / "lab")


@pytest.mark.release
def test_the_lab_keeps_every_rule() -> None:
    found = measure.modules(rules.ROOT / "lab")
    assert {"lab.cli", "lab.base.units"} < found.keys()
    assert rules.problems(found, rules.ROOT / ".importlinter") == []


@pytest.mark.parametrize(("files", "said"), BROKEN, ids=[said for _, said in BROKEN])
def test_what_breaks_a_rule_is_said(tmp_path: Path, files: dict[str, str], said: str) -> None:
    (found,) = rules.problems(package(tmp_path, **files), tmp_path / ".importlinter")
    assert said in found


def test_nothing_is_said_of_what_keeps_the_rules(tmp_path: Path) -> None:
    found = package(
        tmp_path,
        emulation_clock=CLOCK,
        cli_a="import lab.units",
        cli_b=WOKEN,
        cli_long="# Over 500 lines, because it is a table.\nimport re\n" + "a = 1\n" * 501,
        replay_c="import lab.units",
        units="",
    )
    assert rules.problems(found, tmp_path / ".importlinter") == []


def test_code_is_what_is_neither_import_nor_words(tmp_path: Path) -> None:
    assert package(tmp_path, units=CODE)["lab.units"].code_lines() == 7


def test_a_kind_is_counted_where_it_is_named(tmp_path: Path) -> None:
    step = "class StopAll:\n    verb: str = 'stop-all'\n"
    found = package(tmp_path, units=step, errors="VERBS = {'stop-all'}", cli_a="def stop_all() -> None: ...", cli_b="")
    assert measure.touched(found, measure.kinds(found, "verb")) == {"StopAll": 3}
