"""What pages and code say of the same thing is the same: keys, options, kinds, links, tests that are named."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import click
import pytest

from lab.activemq.log_lines import NAMED
from lab.activemq.protocols import ENDPOINTS
from lab.cli import commands, load

from .pages import PAGES, ROOT, code_words, port_rows, rows, sections

SCENARIO = ROOT / "docs" / "scenario.md"
COMMANDS = {name: load(name) for name in commands()}
NAMES = sorted(COMMANDS)


def verbs(name: str) -> dict[str, Any]:
    """Return the commands of a command that has some."""
    return dict(getattr(COMMANDS[name], "commands", {}))


def options_of(command: Any) -> set[str]:
    options = [each for each in command.params if isinstance(each, click.Option) or each.param_type_name == "option"]
    return {word for option in options for word in (*option.opts, *option.secondary_opts)}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_command_that_a_page_names_exists(page: Path) -> None:
    named = {
        (words[1], words[2] if len(words) > 2 else "", word)
        for command in re.findall(r"(?:`|\$ |^    )(mqlab [a-z][^`\n]*)", page.read_text("utf-8"), re.MULTILINE)
        for words in [command.partition(" -- ")[0].partition(" | ")[0].split()]
        for word in words[2:] or [""]
    }
    for name, verb, word in sorted(named):
        assert name in NAMES, f"mqlab {name}"
        assert not verbs(name) or verb in {*verbs(name), ""} or not verb.islower(), f"mqlab {name} {verb}"
        if re.fullmatch(r"--?[a-z][a-z-]*", word):
            known = options_of(verbs(name).get(verb, COMMANDS[name]))
            assert word in known | {"--help", "-h"}, f"mqlab {name} {word}"


def test_every_port_of_a_broker_is_on_its_page() -> None:
    page = rows(sections(ROOT / "docs" / "vpc.md")["A broker's ports"])
    assert page == port_rows(ENDPOINTS)


def test_every_name_of_a_log_line_is_on_its_page() -> None:
    assert [code_words(cells[0])[0] for cells in rows(sections(SCENARIO)["Names of log lines"])] == list(NAMED)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text("utf-8")):
        if "://" in target:
            continue
        file, _, anchor = target.partition("#")
        path = page.parent / file if file else page
        assert path.exists(), target
        if anchor:
            assert anchor in {_anchor(heading) for heading in sections(path)}, target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_file_that_is_named_exists(page: Path) -> None:
    named = re.findall(r"`((?:lab|tests|docs|docker|scenarios)/[\w./-]*)`", page.read_text("utf-8"))
    assert [name for name in named if not (ROOT / name).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_row_of_a_table_has_as_many_cells_as_its_head(page: Path) -> None:
    width = 0
    for number, line in enumerate(page.read_text("utf-8").splitlines(), 1):
        if not line.startswith("|"):
            width = 0
            continue
        cells = len(re.findall(r"(?<!\\)\|", re.sub(r"`[^`]*`", "", line)))
        assert width in (0, cells), f"{page}:{number}"
        width = cells


def _anchor(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
