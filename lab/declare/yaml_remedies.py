"""Remedies for files that are not YAML, and for text in which YAML finds no value."""

from __future__ import annotations

import re

from lab.declare.steps.base import BESIDE_THE_VERB

QUOTES = "put quotes around a text that begins with"  # a password, for one: what stands there is never quoted

NOTHING = 'write a value, or remove the key; "" is an empty text'
NO_COLON = "could not find expected ':'"
_COLON = "put quotes around a text that holds a colon"
_REMEDIES = (
    ("undefined tag handle", f"{QUOTES} !"),
    ("expected alphabetic or numeric character", f"{QUOTES} & or *"),
    ("'\\t'", "indent with spaces, not with tabs"),
    ("mapping values are not allowed", f"{_COLON}, or check the indentation"),
    ("cannot start any token", "put quotes around a text that begins with this character"),
    ("chomping or indentation", "put quotes around > and |: written plain they begin a text of several lines"),
    ("but got ':'", f"write a comma before the next key, close the bracket above, or {_COLON}"),
    ("expected ',' or '}'", "separate keys by commas and close the brace; put quotes around a text with a comma in it"),
    ("expected ',' or ']'", "separate the values by commas and close the bracket"),
    ("expected <block end>", "line this up with its neighbours above"),
    ("{ is not closed", "write }"),
    ("[ is not closed", "write ]"),
    (NO_COLON, "write a colon and a space after the key"),
    ("end of stream", "close the quotes, braces or brackets opened above"),
    ("special characters", "remove it: only printable characters, spaces and line breaks may stand in the file"),
)
_NO_SPACE = "write a colon and a space before the brace, as in - publish: {broker: …}"
# `publish {broker` or `publish:{broker`, of which YAML makes one text.
_BRACE_IN_A_KEY = re.compile(r" *(?:- +)*[\w-]+(?: *\{| *:\{)[^{}:]*")
_ONE_WORD = re.compile(r".*: *[^\s,:{}\[\]]+")  # before a second colon: no other key is in it
_KEY_AND_VALUE = re.compile(r"([a-z][a-z-]{1,30}) +(?:([0-9]{1,9}[a-z%]{0,4})[ \t]*$|\S)", re.MULTILINE)
_DASHED = re.compile(r" *-([A-Za-z][\w-]*):(?:\s|$)")
_KEY_BELOW = re.compile(r"(?:[ \t]*(?:#[^\n]*)?\n)*( *)([\w-]+):(?=\s)")


def remedy(problem: str, text: str, index: int) -> str:
    """Return the remedy for an error that PyYAML reports at `index` of a text; "" if none is known."""
    before = text[text.rfind("\n", 0, index) + 1 : index]
    if dashed := _dash_without_space(text, index):
        return f"write a space after the dash: - {dashed}: …"
    if NO_COLON in problem and (found := _KEY_AND_VALUE.match(text, index)):
        return f"write {found[1]}: {found[2] or '…'}"
    if "mapping values are not allowed" in problem and is_key_with_brace(before.partition(": ")[0]):
        return _NO_SPACE
    if "but got ':'" in problem and _ONE_WORD.fullmatch(before):
        return f"{_COLON} and a space"
    if problem.startswith("expected ") and before.rstrip().endswith("}"):
        return f"{QUOTES} {{; after a closing brace comes a comma, another closing one, or a new line"
    return next((right for sign, right in _REMEDIES if sign in problem), "")


def unclosed(problem: str, text: str, begin: int, index: int) -> str:
    """Return the brace or bracket at `begin` if it is not closed before an error at `index`; "" if it may be.

    It is not if the file ends, or if a line between begins with a dash and is indented no deeper than the brace's.
    """
    sign = text[begin : begin + 1]
    if not problem.startswith("expected ','") or sign not in ("{", "["):
        return ""
    first, *below = text[text.rfind("\n", 0, begin) + 1 : _end_of_line(text, index)].split("\n")
    indent = _indent(first)
    entries = (line for line in below if line.lstrip(" ").startswith("- ") and _indent(line) <= indent)
    return sign if "<stream end>" in problem or any(entries) else ""


def _end_of_line(text: str, index: int) -> int:
    end = text.find("\n", index)
    return len(text) if end < 0 else end


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _dash_without_space(text: str, index: int) -> str:
    """Return the key behind a dash without a space, at a place or in the entry before it; "" if there is none."""
    *above, here = text[: _end_of_line(text, index)].split("\n")
    indent = _indent(here)
    for line in (here, *reversed(above)):
        deep = _indent(line)
        if deep <= indent and (dashed := _DASHED.match(line)):
            return dashed[1]
        if (deep < indent and line.strip()) or (line is not here and deep == indent and line.lstrip().startswith("- ")):
            return ""
    return ""


def is_key_with_brace(key: str) -> bool:
    """Return whether a key contains an opening brace, because a colon or a space before it is missing."""
    return _BRACE_IN_A_KEY.fullmatch(key) is not None


def nothing_after(text: str, key: str, start: int, end: int, *, entry: bool, in_braces: bool) -> str:
    """Return the remedy for a plain key from `start` to `end` of a text, after which no value stands.

    `entry` is whether its mapping is an item of a list, such as a step, `in_braces` whether the mapping has braces.
    """
    if in_braces:
        return _nothing_in_braces(text, key, start, end)
    column = start - text.rfind("\n", 0, start) - 1
    below = _KEY_BELOW.match(text, text.find("\n", end) + 1)
    if entry and key not in BESIDE_THE_VERB and below and len(below[1]) == column and below[2] not in BESIDE_THE_VERB:
        return f"indent its keys, on the lines below, deeper than {key} itself; or write its value here, or remove it"
    return NOTHING


def splits_a_number(text: str, key: str, start: int) -> bool:
    """Return whether a key is the part after the comma of a number, as in 1,000."""
    return key[:1].isdigit() and re.search(r"[0-9],$", text[:start][-2:]) is not None


def _nothing_in_braces(text: str, key: str, start: int, end: int) -> str:
    if re.match(r"\s*:", text[end:]):
        return NOTHING
    if re.fullmatch(r"[^\s:]+:(?!//).+", key, re.DOTALL):
        return "write a space after the colon: key: value"
    if splits_a_number(text, key, start):
        return "write a number without commas: 1000, 1.5; or put quotes around a text with a comma in it"
    if text[:start].rstrip().endswith("{") and text[end:].lstrip().startswith("}"):
        return f"{QUOTES} {{, or write key: value between the braces"
    return "write key: value; or put quotes around a text with a comma in it"
