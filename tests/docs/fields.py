"""The lists of keys in the pages, made from models and their sentences; run as a module, they are written.

A list below the MARK is made from the code: below the heading of a step, an expectation, or a part of a topology. A
required key is bold, and `=` precedes a default. A page can add to a line: the text behind `<br>` is kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from lab.declare.application import Application
from lab.declare.expectations import EXPECTATIONS
from lab.declare.scenario import Scenario
from lab.declare.schema import scenario_schema
from lab.declare.steps import STEPS
from lab.declare.steps.base import OfService
from lab.declare.steps.flow import Together, Wait
from lab.declare.topology import Broker, Host, ImpairmentFields, Link, Region, Topology, User
from lab.declare.vpc import Peering, RouteTable

from .pages import ROOT

SCENARIO, TOPOLOGY, SERVICE = (ROOT / "docs" / name for name in ("scenario.md", "topology.md", "service.md"))
APPLICATIONS = ROOT / "docs" / "verdicts-on-applications.md"
Cells = tuple[str, str, str]
_LONG_ROW, _LONG_ROW_ELSEWHERE = 55, 200  # characters; of keys on another page
MARK = "<!-- keys -->\n"
MODELS: list[tuple[Path, str, type[BaseModel]]] = [
    (SCENARIO, "The file", Scenario),
    *(
        (SCENARIO, step.verb, step)
        for step in STEPS.values()
        if step is not Together and not issubclass(step, OfService)
    ),
    *((SCENARIO, kind.kind, kind) for kind in EXPECTATIONS.values() if not kind.of_service),
    *((SERVICE, step.verb, step) for step in STEPS.values() if issubclass(step, OfService)),
    *((SERVICE, kind.kind, kind) for kind in EXPECTATIONS.values() if kind.of_service),
    (TOPOLOGY, "The file", Topology),
    (TOPOLOGY, "A region", Region),
    (TOPOLOGY, "A broker", Broker),
    (TOPOLOGY, "A host", Host),
    (TOPOLOGY, "A user", User),
    (TOPOLOGY, "A peering", Peering),
    (TOPOLOGY, "A route table", RouteTable),
    (TOPOLOGY, "A link", Link),
    (TOPOLOGY, "A link", ImpairmentFields),
    (APPLICATIONS, "The keys of a client", Application),
]
_WITHOUT_KEY = {(Wait, "duration")}
_NAME = "^[A-Za-z0-9]"  # begins the pattern of a name
_PATTERNS = {"duration": "us|ms", "size": "KiB", "rate": "mbit", "percentage": "%", "rate of messages": "/(s|m|h)"}
_FORMS = {
    "Amount": "number or bounds",
    "Bounds": "duration or bounds",
    "Factor": "number or bounds",
    "Portion": "number, percentage or bounds",
    "Receivers": "name, list, `{all: […]}` or `{any: […]}`",
    "Reconnect": "duration, or `{after: 1s, tries: 10}`",
}
_MOST_CHOICES = 8
_LARGEST = 10**9  # a larger limit says nothing to a reader


def text(page: Path) -> str:
    """Return a page with the lists that the code makes."""
    written = page.read_text("utf-8")
    places: dict[str, int] = {}  # by heading: the begin of its last list so far
    shown: dict[Cells, tuple[Path, str]] = {}  # each key, and the first page and heading that have it
    for of, heading, model in MODELS:
        its = sorted(cells(model), key=lambda row: not row[0].startswith("**"))
        if of == page and its:
            begin = re.search(rf"^#+ {re.escape(heading)}$", written, re.MULTILINE)
            assert begin, f"{page.name} has no heading {heading}"
            start = written.index(MARK, max(begin.end(), places.get(heading, 0))) + len(MARK)
            before = re.match(r"(- .*\n)*", written[start:])
            assert before
            own = dict(re.findall(r"^- (\S+) .*?(<br>.*)$", before[0], re.MULTILINE))
            lines = "".join(f"- {line}{own.get(line.split()[0], '')}\n" for line in _joined(its, shown, page))
            written = f"{written[:start]}{lines}{written[start + before.end() :]}"
            places[heading] = start
        for row in its:
            shown.setdefault(row, (of, heading))
        if of == page and page not in {each for each, _, _ in MODELS[MODELS.index((of, heading, model)) + 1 :]}:
            break
    return written


def _joined(cells: Sequence[Cells], shown: Mapping[Cells, tuple[Path, str]], page: Path) -> Iterator[str]:
    """Yield the lines of a list. Keys that an earlier list has are joined, unless that list has one short key."""
    earlier: dict[tuple[Path, str], list[Cells]] = {}
    for row in cells:
        if row in shown:
            earlier.setdefault(shown[row], []).append(row)
    joined = {
        place: rows
        for place, rows in earlier.items()
        if sum(map(len, map(" ".join, rows))) > (_LONG_ROW if place[0] == page else _LONG_ROW_ELSEWHERE)
    }
    for row in cells:
        if shown.get(row) not in joined:
            key, value, meaning = row
            yield f"{key} ({value}): {meaning}"
    for (of, heading), rows in joined.items():
        target = ("" if of == page else of.name) + f"#{heading.lower().replace(' ', '-')}"
        yield f"{', '.join(row[0].strip('*') for row in rows)}: as in [{heading}]({target})."


def cells(model: type[BaseModel]) -> Iterator[Cells]:
    """Yield key, value with default, and meaning of each field."""
    properties, required = _definition(model)["properties"], set(_definition(model).get("required", ()))
    for name, field in model.model_fields.items():
        if (model, name) in _WITHOUT_KEY:
            continue
        key = field.alias or name
        sentence = properties[key].get("description", "")
        default = _default(properties[key])
        if told := re.search(r" ?\(default: ([^()]*(?:\([^()]*\))?[^()]*)\)", sentence):
            sentence, default = sentence.replace(told[0], ""), f" = {told[1]}"
        bounds = [each for each in field.metadata if hasattr(each, "ge") or hasattr(each, "le")]
        yield f"**`{key}`**" if key in required else f"`{key}`", _value(properties[key], bounds) + default, sentence


def _definition(model: type[BaseModel]) -> Mapping[str, Any]:
    definition: Mapping[str, Any] = _schema()["$defs"][model.__name__]
    return definition if "properties" in definition else definition["oneOf"][-1]


@cache
def _schema() -> dict[str, Any]:
    return scenario_schema()


def _default(schema: Mapping[str, Any]) -> str:
    default = schema.get("default")
    if default in (None, "", [], {}):
        return ""
    default = {True: "yes", False: "no"}[default] if isinstance(default, bool) else default
    words = ", ".join(default) if isinstance(default, list) else default
    return f" = `[{words}]`" if isinstance(default, list) else f" = `{words}`"


def _value(schema: Mapping[str, Any], bounds: Any = ()) -> str:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return _FORMS.get(name) or _value(_schema()["$defs"][name])
    if schema.get("type") == "object":
        inner = [*schema.get("patternProperties", {}).values()]
        return f"{_value(inner[0])} by name" if inner and "$ref" not in inner[0] else "mapping"
    if choices := [each for each in schema.get("anyOf", schema.get("oneOf", ())) if each.get("type") != "null"]:
        words = list(dict.fromkeys(_value(each) for each in choices))
        return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"
    if "const" in schema:
        return f"`{schema['const']}`"
    if "enum" in schema:
        choices = [f"`{each}`" for each in schema["enum"] if isinstance(each, str)]
        if len(choices) > _MOST_CHOICES:
            return "verb"
        return "yes or no" if "`yes`" in choices else f"{', '.join(choices[:-1])} or {choices[-1]}"
    kind, pattern = schema.get("type"), schema.get("pattern", "")
    if kind == "array":
        return "list"
    if kind == ["integer", "string"] and pattern in ("^\\d+$", "^[0-9_]+$"):
        limits = {side: getattr(each, side) for each in bounds for side in ("ge", "le") if hasattr(each, side)}
        limits |= {side: schema[side] for side in ("ge", "le") if side in schema}
        if limits.get("le", _LARGEST) < _LARGEST:
            return f"{limits.get('ge', 0)} to {limits['le']}"
        return "whole number"
    for name, sign in _PATTERNS.items():
        if sign in pattern:
            return name
    if examples := schema.get("examples"):
        return f"such as {', '.join(f'`{each}`' for each in examples)}"
    return "name" if pattern.startswith(_NAME) else "text"


if __name__ == "__main__":
    for page in dict.fromkeys(page for page, _, _ in MODELS):
        page.write_text(text(page), encoding="utf-8")
