"""A template is compiled once, and anew when anything that it is made from is another."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from jinja2 import Environment, FileSystemLoader

from lab.report.html.compiled import CompiledTemplates


class Counting(Environment):
    """An environment that counts what it compiles."""

    compiled = 0

    def compile(self, *of: Any, **settings: Any) -> Any:
        self.compiled += 1
        return super().compile(*of, **settings)


def rendered(folder: Path, settings: str = "", **more: bool) -> tuple[str, int]:
    """Return the text of the folder's template, by a process's first look, and how many templates were compiled."""
    cache = CompiledTemplates(settings, **{"writes": True, **more})
    environment = Counting(loader=FileSystemLoader(folder), bytecode_cache=cache)
    return environment.get_template("page.html").render(who="you"), environment.compiled


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "page.html").write_text("for {{ who }}")
    assert rendered(tmp_path) == ("for you", 1)
    return tmp_path


def test_a_template_is_compiled_once(folder: Path) -> None:
    assert rendered(folder) == ("for you", 0)
    (kept,) = (folder / "__pycache__").iterdir()
    assert kept.name.startswith("page.") and kept.name.endswith(".html")


def test_one_whose_text_is_another_is_compiled_anew(folder: Path) -> None:
    (folder / "page.html").write_text("to {{ who }}")
    assert [rendered(folder), rendered(folder)] == [("to you", 1), ("to you", 0)]


def test_one_of_other_settings_is_compiled_anew(folder: Path) -> None:
    assert rendered(folder, "autoescape") == ("for you", 1)


@pytest.mark.parametrize("keep", [0, 10, 40, 100])
def test_one_whose_file_is_cut_is_compiled_anew(folder: Path, keep: int) -> None:
    (kept,) = (folder / "__pycache__").iterdir()
    kept.write_bytes(kept.read_bytes()[:keep])
    assert [rendered(folder), rendered(folder)] == [("for you", 1), ("for you", 0)]


def test_where_nothing_can_be_written_it_is_compiled_each_time(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text("for {{ who }}")
    (tmp_path / "__pycache__").write_text("a file")
    assert [rendered(tmp_path), rendered(tmp_path)] == [("for you", 1), ("for you", 1)]


def test_where_python_writes_nothing_nor_does_it(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text("for {{ who }}")
    assert rendered(tmp_path, writes=False) == ("for you", 1)
    assert [each.name for each in tmp_path.iterdir()] == ["page.html"]
