"""The tables of the page of the history, made from the classes of its lines; run as a module, they are written.

The page can add to the meaning of a line: the text behind `<br>` is kept. The JSON Schema describes each field.
"""

from __future__ import annotations

import json
import re
from typing import Any

from lab.history.schema import history_schema

from .pages import ROOT

PAGE = ROOT / "docs" / "history.md"
_HEADER = "| field | meaning |\n| --- | --- |\n"
_KINDS = "| kind | fields (default) | event |\n| --- | --- | --- |\n"
_OF_ALL = ("kind", "t")


def text() -> str:
    """Return the page with the tables that the code makes."""
    lines = history_schema()["$defs"]
    header = [(f"`{name}`", field["description"]) for name, field in lines["header"]["properties"].items()]
    kinds = [(f"`{kind}`", _fields(line), line["description"]) for kind, line in lines.items() if kind != "header"]
    return _with(_with(PAGE.read_text("utf-8"), _HEADER, header), _KINDS, kinds)


def _fields(line: dict[str, Any]) -> str:
    return ", ".join(
        f"`{name}`" + ("" if name in line["required"] else f" ({json.dumps(field['default'])})")
        for name, field in line["properties"].items()
        if name not in _OF_ALL
    )


def _with(written: str, head: str, rows: list[Any]) -> str:
    start = written.index(head) + len(head)
    before = re.match(r"(\|.*\n)*", written[start:])
    assert before
    own = dict(re.findall(r"^\| ([^|]+) \|.*?(<br>.*) \|$", before[0], re.MULTILINE))
    table = "".join(f"| {' | '.join(row)}{own.get(row[0], '')} |\n" for row in rows)
    return f"{written[:start]}{table}{written[start + before.end() :]}"


if __name__ == "__main__":
    PAGE.write_text(text(), encoding="utf-8")
