"""The lists of the pages of the history and the report, made from their JSON Schemas; as a module, they are written.

A list stands below the MARK. A page can add to a line: the text behind `<br>` is kept.
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
MARK = "<!-- fields -->\n"


def text(page: Path) -> str:
    """Return a page with the lists that the code makes."""
    written = page.read_text("utf-8")
    if page == HISTORY:
        kinds = (f"`{kind}`" for kind in history_schema()["$defs"] if kind != "header")
        return _with(written, "Observations", [", ".join(kinds) + "."])
    keys = document.schema()["properties"]
    written = _with(written, "report.json", [", ".join(f"`{key}`" for key in keys) + "."])
    return _with(written, "A delivery", _fields(keys["deliveries"]["items"]))


def _fields(described: dict[str, Any]) -> Iterable[str]:
    """Yield name and meaning of each field; a field with parts has their names."""
    for name, field in described["properties"].items():
        inner = field.get("properties") or field.get("items", {}).get("properties", {})
        parts = f" Fields: {', '.join(f'`{each}`' for each in inner)}." if inner else ""
        yield f"- `{name}`: {field['description']}{parts}"


def _with(written: str, heading: str, lines: Iterable[str]) -> str:
    """Return a page whose first list below a heading has these lines."""
    begin = re.search(rf"^##+ {re.escape(heading)}$", written, re.MULTILINE)
    assert begin, heading
    start = written.index(MARK, begin.end()) + len(MARK)
    before = re.match(r"([-`].*\n)*", written[start:])
    assert before
    own = dict(re.findall(r"^- (`\w+`): .*?(<br>.*)$", before[0], re.MULTILINE))
    made = "".join(f"{line}{own.get(line[2:].partition(':')[0], '')}\n" for line in lines)
    return f"{written[:start]}{made}{written[start + before.end() :]}"


if __name__ == "__main__":
    for each in (HISTORY, REPORT):
        each.write_text(text(each), encoding="utf-8")
