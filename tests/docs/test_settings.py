"""Every environment variable of mqlab is in one table, from which the pages' tables are made."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from lab.base.settings import SETTINGS

from .pages import ROOT
from .settings import PAGES, text

_CODE = [path for folder in ("lab", "bench", "docker") for path in (ROOT / folder).rglob("*.*")]
_NAMES = {setting.name for setting in SETTINGS}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_has_the_table_that_the_code_makes(page: Path) -> None:
    assert page.read_text("utf-8") == text(page), "write it again: python -m tests.docs.settings"


def test_every_variable_that_code_names_is_in_the_table() -> None:
    files = [path for path in (*_CODE, ROOT / "Makefile") if path.suffix in (".py", ".sh", "")]
    named = {name for path in files for name in re.findall(r"\bMQLAB(?:_[A-Z]+)+\b(?!_)", path.read_text("utf-8"))}
    of_a_broker = {name for name in named if name.startswith("MQLAB_TOKYO_")}
    assert named - of_a_broker == {name for name in _NAMES if name.startswith("MQLAB_")}


@pytest.mark.release
def test_a_variable_is_read_by_its_setting_alone() -> None:
    files = [path for path in (ROOT / "lab").rglob("*.py") if path != ROOT / "lab" / "base" / "settings.py"]
    trees = {path: ast.parse(path.read_text("utf-8")) for path in files}
    keys = [
        f"{path}:{node.lineno}"
        for path, tree in trees.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and re.fullmatch("MQLAB_[A-Z_]+", node.value)
    ]
    assert keys == []
