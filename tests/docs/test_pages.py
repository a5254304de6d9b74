"""What pages and code say of the same thing is the same: keys, options, kinds, links, tests that are named."""

from __future__ import annotations

import ast
import re
from datetime import timedelta
from enum import Enum
from pathlib import Path
from typing import Any

import click
import pytest
from msgspec import NODEFAULT, structs
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from lab import units
from lab.activemq.log_lines import NAMED
from lab.activemq.protocols import ENDPOINTS
from lab.cli import COMMANDS as LISTED
from lab.cli import load
from lab.declare.between import Amount
from lab.declare.expectations import EXPECTATIONS
from lab.declare.scenario import Scenario
from lab.declare.steps import STEPS
from lab.declare.steps.service import OfService
from lab.declare.steps.together import Together
from lab.declare.steps.wait import Wait
from lab.declare.topology import Broker, Host, ImpairmentFields, Link, Region, Topology, User
from lab.declare.vpc import ALL_PORTS, Peering, RouteTable
from lab.history.kinds import KINDS
from lab.history.observation import Header

from .pages import PAGES, ROOT, code_words, port_rows, rows, sections

SCENARIO, TOPOLOGY, SERVICE = (ROOT / "docs" / name for name in ("scenario.md", "topology.md", "service.md"))
COMMANDS = {name: load(name) for name in LISTED}
NAMES = sorted(COMMANDS)

MODELS: list[tuple[Path, str, type[BaseModel], str]] = [
    (TOPOLOGY, "The file", Topology, ""),
    (TOPOLOGY, "A region", Region, ""),
    (TOPOLOGY, "A broker", Broker, ""),
    (TOPOLOGY, "A host", Host, ""),
    (TOPOLOGY, "A user", User, ""),
    (TOPOLOGY, "A peering", Peering, ""),
    (TOPOLOGY, "A route table", RouteTable, ""),
    (TOPOLOGY, "A link", Link, "link"),
    (TOPOLOGY, "A link", ImpairmentFields, "impairment"),
    (SCENARIO, "The file", Scenario, ""),
    *(
        (SERVICE if issubclass(step, OfService) else SCENARIO, step.verb, step, "")
        for step in STEPS.values()
        if step is not Together
    ),
    *(
        (SERVICE if expectation.of_service else SCENARIO, expectation.kind, expectation, "")
        for expectation in EXPECTATIONS.values()
    ),
]
STANDING_ALONE = {(Wait, "duration")}  # in a file it has no key
IN_WORDS = {  # what a table says where a default is not a value to write
    "none",
    "unlimited",
    "empty",
    "both",
    "any",
    "at once",
    "derived",
    "first free",
    "the broker's",
    "the default",
    "the only one",
    "one of the two",
    "every subscriber",
    "the end",
    "two seconds",
    "until told",
    "made by the lab",
    "as long as the id",
    "as many as asked",
    "as they are",
    "as recorded",
    "the latest",
    "the machine's",
    "cubic",
    "the topology's",
    "the service's default",
    "the active one",
    "the one that is down",
    "the one that is paused",
}


@pytest.mark.parametrize(("page", "heading", "model", "part"), MODELS, ids=lambda each: getattr(each, "__name__", None))
def test_every_key_is_on_its_page_with_its_default(page: Path, heading: str, model: type[BaseModel], part: str) -> None:
    told = {code_words(cells[0])[0]: cells for cells in rows(sections(page)[heading]) if code_words(cells[0])}
    first = len(Link.model_fields)
    told = dict(list(told.items())[:first] if part == "link" else list(told.items())[first if part else 0 :])
    fields = {name: field for name, field in model.model_fields.items() if (model, name) not in STANDING_ALONE}
    assert set(told) == {field.alias or name for name, field in fields.items()}
    for name, field in fields.items():
        _, _, default, *_ = told[field.alias or name]
        expected = _default(field)
        if expected is None:
            assert default in IN_WORDS, f"{name}: {default}"
        else:
            assert default == expected, name


def _default(field: FieldInfo) -> str | None:
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True)
    if value is None or value in ((), "", {}):
        return None
    if value == ALL_PORTS:
        return "`all`"
    if isinstance(value, Amount):
        return value.words
    if isinstance(value, bool):
        return "`yes`" if value else "`no`"
    if isinstance(value, timedelta):
        return f"`{units.format_duration(value)}`"
    if isinstance(value, Enum):
        return f"`{value.value}`"
    if isinstance(value, tuple):
        return f"`[{', '.join(value)}]`"
    if isinstance(value, float):
        return f"`{units.format_percent(value)}`"
    if isinstance(value, int) and value >= 2**20:
        return f"`{units.format_size(value)}`"
    return f"`{value}`"


@pytest.mark.parametrize("name", NAMES)
def test_every_option_is_on_the_page_of_commands(name: str) -> None:
    page = sections(ROOT / "docs" / "commands.md")
    everywhere = {"--help", "-h"}
    told = {word.split()[0] for cells in rows(page[name]) for word in code_words(cells[0]) if word.startswith("-")}
    known = {word for command in [COMMANDS[name], *verbs(name).values()] for word in options_of(command)}
    assert told == known - everywhere


@pytest.mark.parametrize("name", [name for name in NAMES if hasattr(COMMANDS[name], "commands")])
def test_every_verb_is_on_the_page_of_commands_with_its_own_options(name: str) -> None:
    page = rows(sections(ROOT / "docs" / "commands.md")[name])
    told = [code_words(cells[0])[0].split()[2] for cells in page if code_words(cells[0])[0].startswith("mqlab ")]
    assert told == list(verbs(name))
    of = {word.split()[0]: cells[1] for cells in page for word in code_words(cells[0]) if word.startswith("-")}
    for verb, command in verbs(name).items():
        mine = {option for option, whose in of.items() if whose == "all" or verb in code_words(whose)}
        assert mine == options_of(command) - {"--help", "-h"}, f"mqlab {name} {verb}"


def verbs(name: str) -> dict[str, Any]:
    """Return the commands of a command that has some."""
    return dict(getattr(COMMANDS[name], "commands", {}))


def options_of(command: Any) -> set[str]:
    options = [each for each in command.params if isinstance(each, click.Option) or each.param_type_name == "option"]
    return {word for option in options for word in (*option.opts, *option.secondary_opts)}


def test_every_command_is_in_the_list_and_no_other() -> None:
    page = sections(ROOT / "docs" / "commands.md")["Every command"]
    named = [word for cells in rows(page) if cells[0].startswith("`mqlab") for word in code_words(cells[0])]
    told = [word.split()[1] for word in named]
    assert sorted(told) == NAMES


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_command_that_a_page_names_exists(page: Path) -> None:
    named = {
        (words[1], words[2] if len(words) > 2 else "", word)
        for command in re.findall(r"(?:`|\$ |^    )(mqlab [a-z][^`\n]*)", page.read_text("utf-8"), re.MULTILINE)
        for words in [command.partition(" -- ")[0].split()]
        for word in words[2:] or [""]
    }
    for name, verb, word in sorted(named):
        assert name in NAMES, f"mqlab {name}"
        assert not verbs(name) or verb in {*verbs(name), ""} or not verb.islower(), f"mqlab {name} {verb}"
        if re.fullmatch(r"--?[a-z][a-z-]*", word):
            known = options_of(verbs(name).get(verb, COMMANDS[name]))
            assert word in known | {"--help", "-h"}, f"mqlab {name} {word}"


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_of_observation_is_on_its_page(kind: str) -> None:
    page = sections(ROOT / "docs" / "history.md")["Observations"]
    told = {code_words(cells[0])[0]: cells[1] for cells in rows(page)}
    assert set(told) == set(KINDS)
    defaults = {
        field.name: None
        if field.required
        else (field.default_factory() if field.default_factory is not NODEFAULT else field.default)
        for field in structs.fields(KINDS[kind])
        if field.name != "t"
    }
    assert code_words(told[kind]) == list(defaults)
    optional = re.findall(r"`([a-z_0-9]+)` \(", told[kind])
    assert optional == [field.name for field in structs.fields(KINDS[kind]) if not field.required]


def test_every_port_of_a_broker_is_on_its_page() -> None:
    page = rows(sections(ROOT / "docs" / "vpc.md")["A broker's ports"])
    assert page == port_rows(ENDPOINTS)


def test_every_name_of_a_log_line_is_on_its_page() -> None:
    assert [code_words(cells[0])[0] for cells in rows(sections(SCENARIO)["Names of log lines"])] == list(NAMED)


def test_every_field_of_the_header_is_on_its_page() -> None:
    page = sections(ROOT / "docs" / "history.md")["The header"]
    told = {code_words(cells[0])[0] for cells in rows(page)}
    assert told == {field.name for field in structs.fields(Header)}


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


def test_every_test_that_the_comparison_names_exists() -> None:
    table = rows("\n".join(sections(ROOT / "docs" / "like-amazon-mq.md").values()))
    assert table
    for cells in table:
        named = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", cells[-1])
        assert named, f"names no test: {cells[0]}"
        for file, name in named:
            tree = ast.parse((ROOT / file).read_text("utf-8"))
            functions = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
            assert name in functions, f"{file}::{name}"


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
