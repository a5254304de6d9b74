"""The tables of the pages of the history and the report, made from their JSON Schemas; as a module, they are written.

A page can add to the meaning of a row: the text behind `<br>` is kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from lab.history.schema import history_schema
from lab.report import document

from .pages import ROOT

HISTORY, REPORT = ROOT / "docs" / "history.md", ROOT / "docs" / "report.md"
Row = tuple[str, ...]


def text(page: Path) -> str:
    """Return a page with the tables that the code makes."""
    written = page.read_text("utf-8")
    if page == HISTORY:
        lines = history_schema()["$defs"]
        written = _with(written, "The header", _fields(lines["header"]))
        kinds = [(f"`{kind}`", line["description"]) for kind, line in lines.items() if kind != "header"]
        return _with(written, "Observations", kinds)
    keys = document.schema()["properties"]
    written = _with(written, "report.json", _fields({"properties": keys}))
    for heading, key in (("A delivery", "deliveries"), ("Cross-check", "cross_checks")):
        written = _with(written, heading, _fields(keys[key]["items"]))
    return written


def _fields(described: dict[str, Any]) -> Iterable[Row]:
    """Yield name and meaning of each field; a field with parts has their names."""
    for name, field in described["properties"].items():
        inner = field.get("properties") or field.get("items", {}).get("properties", {})
        inner = {} if name in ("deliveries", "cross_checks") else inner
        parts = f" Fields: {', '.join(f'`{each}`' for each in inner)}." if inner else ""
        yield f"`{name}`", field["description"] + parts


def _with(written: str, heading: str, rows: Iterable[Row]) -> str:
    """Return a page whose first table below a heading has these rows."""
    found = re.search(rf"^##+ {re.escape(heading)}\n(?:.*\n)*?\|.*\n\| ---.*\n", written, re.MULTILINE)
    assert found, heading
    before = re.match(r"(\|.*\n)*", written[found.end() :])
    assert before
    own = dict(re.findall(r"^\| ([^|]+) \|.*?(<br>.*) \|$", before[0], re.MULTILINE))
    table = "".join(f"| {' | '.join(row)}{own.get(row[0], '')} |\n" for row in rows)
    return f"{written[: found.end()]}{table}{written[found.end() + before.end() :]}"


if __name__ == "__main__":
    for each in (HISTORY, REPORT):
        each.write_text(text(each), encoding="utf-8")
