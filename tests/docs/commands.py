"""The tables of the page of commands, made from the commands and their help; run as a module, they are written.

A command's tables stand between the two marks below its heading. The page can add to a row: the text behind `<br>` is
kept. An option that an earlier command has with the same meaning is only named, and a common one is not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from lab.cli import COMMANDS, load

from .pages import ROOT

PAGE = ROOT / "docs" / "commands.md"
_BEGIN, _END = "<!-- options -->\n", "<!-- end -->\n"
_LIST = "Every command"
_COMMON = ("`--json`", "`--quiet`, `-q`", "`--run RUN`", "`[RUN]`")  # the page describes them above the commands
Row = tuple[str, str, str]  # names, the verbs that have it, meaning


def text() -> str:
    """Return the page with the tables that the code makes."""
    written = PAGE.read_text("utf-8")
    shown: dict[tuple[str, str], str] = {}  # names and meaning of an option, and the first command that has it
    written = _with(written, _LIST, lambda _: _list())
    for name in COMMANDS:
        written = _with(written, name, lambda before, name=name: _tables(name, load(name), before, shown))
    return written


def _with(written: str, heading: str, tables: Any) -> str:
    """Return the page with other tables below a heading."""
    begin = re.search(rf"^## {re.escape(heading)}$", written, re.MULTILINE)
    assert begin, f"{PAGE.name} has no heading {heading}: write one, a sentence, and the two marks"
    start = written.index(_BEGIN, begin.end()) + len(_BEGIN)
    end = written.index(_END, start)
    assert "\n## " not in written[begin.end() : start], f"{heading} has no marks"
    return f"{written[:start]}{tables(written[start:end])}{written[end:]}"


def _list() -> str:
    rows = "".join(f"| [{name}](#{name}) | {does} |\n" for name, does in COMMANDS.items())
    return f"| command | action |\n| --- | --- |\n{rows}"


def _tables(name: str, command: Any, before: str, shown: dict[tuple[str, str], str]) -> str:
    own = dict(re.findall(r"^\| (.+?) \|.*?(<br>.*) \|$", before, re.MULTILINE))
    verbs: Mapping[str, Any] = getattr(command, "commands", {})
    found: dict[tuple[str, str], list[str]] = {}
    for verb, each in (verbs or {"": command}).items():
        for names, meaning in _params(each):
            found.setdefault((names, meaning), []).append(f"`{verb}`")
    rows = [(names, "" if len(of) == len(verbs) else ", ".join(of), meaning) for (names, meaning), of in found.items()]
    earlier: dict[str, list[str]] = {}
    new: list[Row] = []
    for names, of, meaning in rows:
        if (names, meaning) in shown and names not in own:
            earlier.setdefault(shown[names, meaning], []).append(names)
        else:
            new.append((names, of, meaning))
            shown.setdefault((names, meaning), name)
    lines = []
    if verbs:
        lines += ["| verb | action |", "| --- | --- |"]
        lines += [
            f"| {(cell := f'`{verb}{_arguments(each)}`')} | {_summary(each)}{own.get(cell, '')} |"
            for verb, each in verbs.items()
        ]
        lines.append("")
    rows_before = len(lines)
    for names, of, meaning in new:
        lines.append(f"| {names} | {f'{of} | ' if verbs else ''}{meaning}{own.get(names, '')} |")
    for other, names_there in earlier.items():
        if those := [names for names in names_there if names not in _COMMON]:
            lines.append(f"| {', '.join(those)} | {' | ' if verbs else ''}As in [{other}](#{other}). |")
    if len(lines) > rows_before:
        head = [
            f"| option | {'verbs | ' if verbs else ''}meaning |",
            "| --- | " + ("--- | " if verbs else "") + "--- |",
        ]
        lines[rows_before:rows_before] = head
    return "".join(f"{line}\n" for line in lines)


def _params(command: Any) -> Iterator[tuple[str, str]]:
    """Yield the names and the meaning of each argument and option."""
    for each in command.params:
        meaning = (each.help or "").replace("|", "\\|").replace("\\[", "[")  # rich's brackets
        metavar = (each.metavar or "").replace("|", "\\|")
        if each.param_type_name == "argument":
            yield f"`{metavar or each.name.upper()}`", meaning
        elif "--help" not in each.opts:
            names = ", ".join(f"`{name}`" for name in (*each.opts, *each.secondary_opts))
            yield (f"{names[:-1]} {metavar}`" if metavar and not each.is_flag else names), meaning


def _arguments(command: Any) -> str:
    words = [each.metavar or each.name.upper() for each in command.params if each.param_type_name == "argument"]
    return "".join(f" {word}" for word in words).replace("|", "\\|")


def _summary(command: Any) -> str:
    return " ".join(command.help.partition("\n\n")[0].split())


if __name__ == "__main__":
    PAGE.write_text(text(), encoding="utf-8")
