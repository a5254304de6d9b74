"""The page about pytest: its files are what they are shown to be, and its sessions say what is shown."""

from __future__ import annotations

import shlex
import shutil

import pytest

from tests.pytest_plugin.conftest import PLUGIN

from .pages import ROOT, blocks, code_words, fits, rows, sections, shown

PAGE = ROOT / "docs" / "pytest.md"
FILES = [block for kind in ("python", "ini", "yaml") for block in blocks(kind, "plugin")]
SESSIONS = blocks("text", "plugin")


def test_the_page_shows_some() -> None:
    assert len(FILES) == 4 and len(SESSIONS) == 3


@pytest.mark.release
@pytest.mark.parametrize("block", SESSIONS, ids=lambda block: block.id)
def test_a_session_shown_says_what_is_shown(block: object, pytester: pytest.Pytester) -> None:
    shutil.copytree(ROOT / "scenarios" / "topologies", pytester.path / "topologies")
    shutil.copytree(ROOT / "scenarios" / "configurations", pytester.path / "configurations")
    for file in FILES:
        (pytester.path / file.words[2]).write_text(file.text)
    (each,) = shown(block)  # type: ignore[arg-type]
    *copied, asked = each.command.split(";")
    for command in copied:
        _, source, target = shlex.split(command)
        shutil.copy(pytester.path / source, pytester.path / target)
    _, *words = shlex.split(asked)
    ended = pytester.runpytest_subprocess(*PLUGIN, *words)
    assert fits(f"…{each.output.rstrip()}…", "\n".join(ended.outlines))


def test_every_option_is_on_the_page(pytester: pytest.Pytester) -> None:
    told = {code_words(cells[0])[0] for cells in rows(sections(PAGE)["Options"])}
    ended = pytester.runpytest_subprocess(*PLUGIN, "--help")
    known = {word.partition("=")[0] for line in ended.outlines for word in line.split() if word.startswith("--mqlab-")}
    assert told == known


def test_every_fixture_is_on_the_page(pytester: pytest.Pytester) -> None:
    told = {code_words(cells[0])[0] for cells in rows(sections(PAGE)["Fixtures"])}
    ended = pytester.runpytest_subprocess(*PLUGIN, "--fixtures", "-q")
    assert told == {line.split()[0] for line in ended.outlines if line.startswith("mqlab")}
