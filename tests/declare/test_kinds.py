"""The kinds that are declared are listed, and each has its functions in the other rooms, registered for its class."""

from __future__ import annotations

import importlib
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest

import lab
from lab.check.expectations import checks
from lab.check.steps import checks as step_checks
from lab.declare.expectations import EXPECTATIONS
from lab.declare.expectations.base import Expectation
from lab.declare.kinds import Registry
from lab.declare.steps import STEPS
from lab.declare.steps.base import Step
from lab.judge.expectations.base import concerns, evidence_ends, judges, measurements, shortfalls
from lab.operating import operations
from lab.replay.expectations import conditions
from lab.replay.steps import performers

ROOT = Path(lab.__file__).parent


REGISTRIES = {
    "checks of steps": step_checks,
    "performers": performers,
    "operations": operations,
    "checks of expectations": checks,
    "conditions": conditions,
    "judges": judges,
    "ends of the evidence": evidence_ends,
    "concerns": concerns,
    "measurements": measurements,
    "shortfalls": shortfalls,
}


@pytest.mark.parametrize("kind", STEPS.values(), ids=lambda kind: kind.verb)
def test_a_step_is_performed_or_is_a_verb_of_a_lab(kind: type[Step]) -> None:
    assert bool(performers.of(kind)) is not bool(operations.of(kind))


@pytest.mark.parametrize("kind", EXPECTATIONS.values(), ids=lambda kind: kind.kind)
def test_one_function_judges_an_expectation(kind: type[Expectation]) -> None:
    assert len(judges.of(kind)) == 1


@pytest.mark.parametrize("registry", REGISTRIES.values(), ids=REGISTRIES)
def test_a_function_is_registered_for_the_class_that_it_takes(registry: Registry[Any]) -> None:
    registered = [
        (kind, function) for kind in (*STEPS.values(), *EXPECTATIONS.values()) for function in registry.of(kind)
    ]
    assert registered
    for kind, function in registered:
        hints = [hint for hints in get_type_hints(function).values() for hint in get_args(hints) or (hints,)]
        taken = [hint for hint in hints if isinstance(hint, type) and issubclass(hint, Step | Expectation)]
        assert issubclass(kind, tuple(taken)), function


def test_a_look_up_loads_every_file_of_a_room() -> None:
    """A file that no family lists would have functions that nobody finds, unless another one imports it."""
    asked = (
        "import sys\n"
        "from pathlib import Path\n"
        "import lab\n"
        "from lab.declare.expectations import EXPECTATIONS\n"
        "from lab.declare.steps import STEPS\n"
        "from lab.check import expectations, steps\n"
        "from lab.judge.expectations.base import judges\n"
        "from lab.replay.steps import performers\n"
        "for registry in (steps.checks, performers):\n"
        "    for kind in STEPS.values(): registry.of(kind)\n"
        "for registry in (expectations.checks, judges):\n"
        "    for kind in EXPECTATIONS.values(): registry.of(kind)\n"
        "for room in ('check/steps', 'check/expectations', 'judge/expectations', 'replay/steps'):\n"
        "    for path in (Path(lab.__file__).parent / room).glob('*.py'):\n"
        "        module = f\"lab.{room.replace('/', '.')}.{path.stem}\".removesuffix('.__init__')\n"
        "        print(*([] if module in sys.modules else [module]), end='')\n"
    )
    missing = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert missing.stdout.split() == []


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
