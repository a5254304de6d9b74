"""The lists of the page of commands, made from the commands and their help; run as a module, they are written.

A command's sentence, verbs and options stand between the two marks below its heading. The page can add to a line: the
text behind `<br>` is kept. An option is only named if an earlier command or a step of a scenario has it with the same
meaning, and a common one is not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from lab.cli import commands, load

from . import fields
from .pages import ROOT

PAGE = ROOT / "docs" / "commands.md"
_BEGIN, _END = "<!-- options -->\n", "<!-- end -->\n"
_COMMON = {"--json", "--quiet", "--run RUN", "RUN", "BROKER", "SCENARIO", "FILE|RUN"}  # the page describes them once
_LONG_MEANINGS = 120  # characters of the options that a step has too
Row = tuple[str, str]  # names and meaning


def text() -> str:
    """Return the page with the lists that the code makes."""
    written = PAGE.read_text("utf-8")
    shown: dict[Row, str] = {}  # an option, and the first command that has it
    for name, (_, action) in commands().items():
        written = _with(written, name, lambda before, name=name, action=action: _lines(name, action, before, shown))
    return written


def _with(written: str, heading: str, lines: Any) -> str:
    """Return the page with other lines below a heading."""
    begin = re.search(rf"^## {re.escape(heading)}$", written, re.MULTILINE)
    assert begin, f"{PAGE.name} has no heading {heading}: write one, and the two marks"
    start = written.index(_BEGIN, begin.end()) + len(_BEGIN)
    end = written.index(_END, start)
    assert "\n## " not in written[begin.end() : start], f"{heading} has no marks"
    return f"{written[:start]}{lines(written[start:end])}{written[end:]}"


def _lines(name: str, action: str, before: str, shown: dict[Row, str]) -> str:
    command = load(name)
    own = dict(re.findall(r"^- ((?:`[^`]*`(?:, )?)+)(?: \([^)]*\))?: .*?(<br>.*)$", before, re.MULTILINE))
    verbs: Mapping[str, Any] = getattr(command, "commands", {})
    found: dict[Row, list[str]] = {}
    for verb, each in (verbs or {"": command}).items():
        for row in _params(each):
            if not verbs or row[0].startswith("`-") or "default" in row[1]:  # a verb's line has its arguments
                found.setdefault(row, []).append(f"`{verb}`")
    lines = [f"- `{verb}{_arguments(each)}`: {_summary(each)}" for verb, each in verbs.items()]
    elsewhere: dict[str, list[Row]] = {}
    for row in found:
        names, meaning = row
        if place := (row in shown and names not in own and f"[{shown[row]}](#{shown[row]})") or _step(meaning):
            elsewhere.setdefault(place, []).append(row)
    elsewhere = {
        place: rows
        for place, rows in elsewhere.items()
        if "scenario.md" not in place or sum(len(meaning) for _, meaning in rows) > _LONG_MEANINGS
    }
    for row, of in found.items():
        names, meaning = row
        if not any(row in rows for rows in elsewhere.values()):
            verbs_with_it = f" ({', '.join(of)})" if len(of) < len(verbs) else ""
            lines.append(f"- {names}{verbs_with_it}: {meaning}{own.get(names, '')}")
            shown.setdefault(row, name)
    for place, rows in elsewhere.items():
        lines.append(f"- {', '.join(dict.fromkeys(names for names, _ in rows))}: as in {place}.")
    return "".join(f"{line}\n" for line in [action, *([""] if lines else []), *lines])


@cache
def _sentences() -> dict[str, str]:
    """Return the headings of the steps, by the sentences of their keys."""
    headings: dict[str, str] = {}
    for page, heading, model in fields.MODELS:
        if page == fields.SCENARIO:
            for _, _, sentence in fields.cells(model):
                headings.setdefault(sentence, heading)
    return headings


def _step(meaning: str) -> str:
    """Return a link to the first step that has a key with a meaning; empty without such a step."""
    heading = _sentences().get(re.sub(r" \((default: .*|repeatable)\)", "", meaning), "")
    return heading and f"the step [{heading}](scenario.md#{heading.lower().replace(' ', '-')})"


def _params(command: Any) -> Iterator[tuple[str, str]]:
    """Yield the names and the meaning of each argument and option."""
    for each in command.params:
        meaning = (each.help or "").replace("\\[", "[")  # rich's brackets
        metavar = each.metavar or ""
        if each.param_type_name == "argument":
            if (metavar or each.name.upper()).strip("[].") not in _COMMON:
                yield f"`{metavar or each.name.upper()}`", meaning
        elif "--help" not in each.opts:
            names = ", ".join(f"`{name}`" for name in (*each.opts, *each.secondary_opts))
            names = f"{names[:-1]} {metavar}`" if metavar and not each.is_flag else names
            if not _COMMON & set(re.findall("`(.*?)`", names)):
                yield names, meaning


def _arguments(command: Any) -> str:
    words = [each.metavar or each.name.upper() for each in command.params if each.param_type_name == "argument"]
    return "".join(f" {word}" for word in words)


def _summary(command: Any) -> str:
    return " ".join(command.help.partition("\n\n")[0].split())


if __name__ == "__main__":
    PAGE.write_text(text(), encoding="utf-8")
