"""What docs/python.md names can be imported as it says, from `lab` too, which itself loads nothing."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import lab
from tests.docs.pages import ROOT, code_words, rows, sections

PAGE = ROOT / "docs" / "python.md"
NAMED = re.findall(r"`(lab\.\w+)\.([A-Z]\w+)`", PAGE.read_text(encoding="utf-8"))
ERRORS = [word for cells in rows(sections(PAGE)["Errors"]) for word in code_words(cells[0])]
SOURCE = ast.parse(Path(lab.__file__).read_text(encoding="utf-8"))
FOR_TYPES = [
    (each.module, alias.name, alias.asname or alias.name)
    for node in ast.walk(SOURCE)
    if isinstance(node, ast.If)
    for each in node.body
    if isinstance(each, ast.ImportFrom) and each.module
    for alias in each.names
]


def test_the_page_names_some() -> None:
    assert NAMED == [("lab.live", "Live"), ("lab.progress", "Told")]
    assert len(ERRORS) >= 5


@pytest.mark.parametrize(("module", "name"), [*NAMED, *(("lab.errors", name) for name in ERRORS)])
def test_what_the_page_names_is_there_and_in_lab_too(module: str, name: str) -> None:
    assert getattr(import_module(module), name) is getattr(lab, name)
    assert name in lab.__all__


def test_what_types_are_checked_by_is_what_is_loaded() -> None:
    assert sorted(public for *_, public in FOR_TYPES) == sorted({*lab.__all__} - {"__version__"})
    for module, name, public in FOR_TYPES:
        parent = import_module(module)  # a package's name is a module in it
        source = import_module(f"{module}.{name}") if hasattr(parent, "__path__") else getattr(parent, name)
        loaded = vars(lab)["__getattr__"](public)  # after the import above, lab has a module without being asked
        assert loaded is source


def test_loading_a_name_leaves_the_programs_garbage_collector_alone() -> None:
    """Not for a moment: two threads that load at once would each bring back what the other has set."""
    code = (
        "import gc, sys; seen = set()\n"
        "sys.addaudithook(lambda event, _: seen.add(gc.get_threshold()) if event == 'import' else None)\n"
        "import lab; lab.labs, lab.vary, lab.InputError; print(seen == {gc.get_threshold()})"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"


def test_what_is_not_public_is_no_attribute() -> None:
    assert dir(lab) == sorted(lab.__all__)
    with pytest.raises(AttributeError, match="module 'lab' has no attribute 'nothing'"):
        _ = lab.nothing


def test_import_lab_loads_nothing_of_it_and_no_library() -> None:
    code = "import sys; before = set(sys.modules); import lab; print(*sorted(set(sys.modules) - before))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = set(done.stdout.split())
    assert {each for each in loaded if each.partition(".")[0] not in sys.stdlib_module_names} == {
        "lab",
        "lab.base",
        "lab.base.version",
    }
