"""What a room knows of a kind is in a file of its name; every file of a room is of a kind, or of what kinds share."""

from __future__ import annotations

import importlib
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

import lab
from lab.declare.expectations import EXPECTATIONS
from lab.declare.expectations.base import Expectation
from lab.declare.kinds import of_kind
from lab.declare.steps import STEPS
from lab.declare.steps.base import Step

ROOT = Path(lab.__file__).parent


@pytest.mark.parametrize("kind", STEPS.values(), ids=lambda kind: kind.verb)
def test_a_step_stands_in_a_file_of_its_verb_and_somebody_does_it(kind: type[Step]) -> None:
    assert kind.__module__.rpartition(".")[2].rstrip("_") == kind.verb.replace("-", "_")
    assert of_kind(kind, "lab.replay.steps", "perform") or of_kind(kind, "lab.operating", "operate")


@pytest.mark.parametrize(
    "room", ["check/steps", "replay/steps", "check/expectations", "replay/expectations", "judge/expectations"]
)
def test_every_file_of_a_room_is_of_a_kind_or_of_what_kinds_share(room: str) -> None:
    kinds = (STEPS if room.endswith("steps") else EXPECTATIONS).values()
    declared = {base.__module__.rpartition(".")[2] for kind in kinds for base in kind.__mro__}
    names = {path.stem for path in (ROOT / room).glob("*.py")} - {"__init__"}
    assert names - declared == set()


@pytest.mark.parametrize(
    ("room", "base", "word", "listed"),
    [("steps", Step, "verb", STEPS), ("expectations", Expectation, "kind", EXPECTATIONS)],
)
def test_every_kind_that_is_declared_is_listed(room: str, base: type, word: str, listed: Mapping[str, type]) -> None:
    modules = [f"lab.declare.{room}.{path.stem}" for path in (ROOT / "declare" / room).glob("*.py")]
    found = [vars(importlib.import_module(module)).values() for module in modules]
    classes = {each for values in found for each in values if isinstance(each, type) and issubclass(each, base)}
    assert {vars(each)[word]: each for each in classes if word in vars(each)} == dict(listed)


def test_no_validator_is_built_before_a_file_is_read() -> None:
    """Each takes its time; one that is built at once brings pydantic's plugins with it, too."""
    asked = (
        "from lab.declare import expectations, scenario, steps\n"
        "from lab.declare.fields import Declared\n"
        "kinds = [*steps.STEPS.values(), *expectations.EXPECTATIONS.values()]\n"
        "def every(of): return [of, *(each for kind in of.__subclasses__() for each in every(kind))]\n"
        "print(*(kind.__qualname__ for kind in every(Declared)[1:] if kind.__pydantic_complete__))"
    )
    built = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert built.stdout.split() == []
