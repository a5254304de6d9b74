"""Seeded damage: what a hurried person, a broken disk or a stranger makes of a file."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

Damage = Callable[[Random, str], str]

NUMBERS = ("0", "-1", "1e999", "9" * 400, "9" * 5000, "1" + "0" * 20, "0x10", "NaN", ".5", "١٢", "1_000", "00", "-0.0")
WORDS = (
    "", " ", "no", "on", "null", "~", "~~", "true", "{}", "[]", "{", "[", "*", "&a", "*a", "!!python/object:os.system",
    "|", ">", "- ", "? ", ": ", "#", "%YAML 1.1", "---", "...", "<<", "'", '"', "\\", "\t", "\r", "\x00", "\x1b[2J",
    "\u202e", "\u2028", "\ufeff", "\ufeff\ufeff", "\udcff", "é" * 300, "a" * 300, "a" * 70_000, "../" * 50, "/dev/zero",
    "/proc/self/mem", "a.b.c", "." * 2000, "a." * 3000, ">", "topic://>", "%s%n", "${env:HOME}", "{n}", "&amp;", "]]>",
    "<!DOCTYPE a [<!ENTITY b 'c'>]>", "<![CDATA[", "<!--", "-->", "</broker>", "<x>" * 400, "(" * 3000, "NOT " * 3000,
    "static:(" * 3000, "[" * 3000, '{"a":' * 3000, "{a: " * 300, "70ms", "1%", "20mbit", "64KiB", "10.1.0.0/16", "aws",
)  # fmt: skip
_SCALAR = re.compile(r"(?<=: )[^\s{}\[\],#][^{}\[\],#\n]*")
_VALUE = re.compile(r"\"[^\"]*\"")
_TAG = re.compile(r"<[^>]*>")


def damaged(dice: Random, text: str, kinds: Sequence[Damage]) -> str:
    """Return a text after a few damages, most often one."""
    for _ in range(dice.choice((1, 1, 1, 2, 3, 8))):
        text = dice.choice(kinds)(dice, text)
    return text[: 3 * 2**20]


def word(dice: Random) -> str:
    """Return something that nobody would write."""
    return dice.choice((dice.choice(WORDS), dice.choice(NUMBERS), _noise(dice)))


def insert(dice: Random, text: str) -> str:
    at = dice.randint(0, len(text))
    return text[:at] + word(dice) + text[at:]


def cut(dice: Random, text: str) -> str:
    start, end = _piece(dice, text)
    return text[:start] + text[end:]


def cut_short(dice: Random, text: str) -> str:
    return text[: dice.randint(0, len(text))]


def repeat(dice: Random, text: str) -> str:
    start, end = _piece(dice, text)
    return text[:end] + text[start:end] * dice.choice((1, 2, 50, 2000)) + text[end:]


def move(dice: Random, text: str) -> str:
    start, end = _piece(dice, text)
    rest = text[:start] + text[end:]
    at = dice.randint(0, len(rest))
    return rest[:at] + text[start:end] + rest[at:]


def swap_lines(dice: Random, text: str) -> str:
    lines = text.split("\n")
    one, other = dice.randrange(len(lines)), dice.randrange(len(lines))
    lines[one], lines[other] = lines[other], lines[one]
    return "\n".join(lines)


def lose_line(dice: Random, text: str) -> str:
    lines = text.split("\n")
    del lines[dice.randrange(len(lines))]
    return "\n".join(lines)


def indent_line(dice: Random, text: str) -> str:
    lines = text.split("\n")
    lines[dice.randrange(len(lines))] = " " * dice.randint(1, 9) + lines[dice.randrange(len(lines))].strip()
    return "\n".join(lines)


def other_scalar(dice: Random, text: str) -> str:
    """Put another value after a colon."""
    return _other(dice, text, _SCALAR, word(dice))


def scalar_of_another_place(dice: Random, text: str) -> str:
    """Put a value where another one stands: each is right, and not there."""
    found = _SCALAR.findall(text)
    return _other(dice, text, _SCALAR, dice.choice(found)) if found else text


def other_attribute(dice: Random, text: str) -> str:
    return _other(dice, text, _VALUE, '"' + word(dice).replace('"', "") + '"')


def nest(dice: Random, text: str) -> str:
    """Wrap a tag into itself."""
    tags = _TAG.findall(text)
    tag = dice.choice(tags) if tags else "<a>"
    return text.replace(tag, tag * dice.choice((2, 30, 1000)), 1)


def other_json(dice: Random, text: str) -> str:
    """Change one value in one line of JSON."""
    lines = text.split("\n")
    number = dice.choice((0, dice.randrange(len(lines))))
    try:
        value = json.loads(lines[number])
    except (ValueError, RecursionError):  # after an earlier damage
        return insert(dice, text)
    lines[number] = json.dumps(_with_another_value(dice, value), ensure_ascii=dice.random() < 0.5)
    return "\n".join(lines)


ANY: tuple[Damage, ...] = (insert, cut, cut_short, repeat, move, swap_lines, lose_line)
YAML: tuple[Damage, ...] = (*ANY, indent_line, other_scalar, other_scalar, other_scalar, scalar_of_another_place)
XML: tuple[Damage, ...] = (*ANY, other_attribute, other_attribute, nest)
TOML: tuple[Damage, ...] = (*ANY, other_attribute, other_attribute, other_attribute)
JSON: tuple[Damage, ...] = (*ANY, other_json, other_json, other_json, other_json)


def _with_another_value(dice: Random, value: Any) -> Any:
    """Return JSON in which one value, anywhere, is another."""
    if isinstance(value, dict) and value and dice.random() < 0.85:
        key = dice.choice(list(value))
        if dice.random() < 0.1:
            return {each: its for each, its in value.items() if each != key}
        if dice.random() < 0.1:
            return {**value, word(dice): value[key]}
        return {**value, key: _with_another_value(dice, value[key])}
    if isinstance(value, list) and value and dice.random() < 0.85:
        at = dice.randrange(len(value))
        return [*value[:at], _with_another_value(dice, value[at]), *value[at + 1 :]]
    deep: Any = []
    for _ in range(dice.choice((1, 50, 400))):
        deep = [deep]
    return dice.choice(
        (
            None,
            True,
            0,
            -1,
            10**18,
            10**30,
            1.5,
            -1e300,
            word(dice),
            [],
            {},
            [value],
            {"a": value},
            deep,
            f"{value}-1",
            value,
        )
    )


def _other(dice: Random, text: str, pattern: re.Pattern[str], new: str) -> str:
    places = [match.span() for match in pattern.finditer(text)]
    if not places:
        return insert(dice, text)
    start, end = dice.choice(places)
    return text[:start] + new + text[end:]


def _piece(dice: Random, text: str) -> tuple[int, int]:
    start = dice.randint(0, len(text))
    return start, min(len(text), start + dice.choice((1, 5, 40, 400)))


def _noise(dice: Random) -> str:
    return "".join(
        chr(dice.choice((dice.randrange(32, 127), dice.randrange(0x3000)))) for _ in range(dice.randint(1, 12))
    )
