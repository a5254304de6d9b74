"""Values of a file → YAML text that `reading` reads back: untrusted texts are quoted, and stay one line.

Short parts are written in braces on one line, as people write steps; longer ones with a line for each key.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

WIDTH = 118  # characters of a line
_PLAIN = re.compile(r"[A-Za-z0-9./_][A-Za-z0-9./_%+-]*( [A-Za-z0-9./_%+-]+)*")
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def scalar(text: str) -> str:
    """Return a text as a YAML scalar, in quotes if a sign of it could mean anything else.

    >>> scalar("10.1.0.0/16"), scalar("prices.>"), scalar('a "b": {c}')
    ('10.1.0.0/16', '"prices.>"', '"a \\\\"b\\\\": {c}"')
    """
    if _PLAIN.fullmatch(text):
        return text
    return f'"{"".join(map(_escaped, text))}"'


def _escaped(sign: str) -> str:
    if sign in _ESCAPES:
        return _ESCAPES[sign]
    if sign.isprintable():
        return sign
    code = ord(sign)
    if 0xD800 <= code < 0xE000:
        return "\\uFFFD"  # half of a sign is no text
    return f"\\x{code:02X}" if code < 0x100 else f"\\u{code:04X}" if code < 0x10000 else f"\\U{code:08X}"


def comment(text: str) -> str:
    """Return a text as a comment of one line, whatever signs it has."""
    return "# " + "".join(sign if sign.isprintable() else " " if sign in "\r\n\t" else "?" for sign in text)


def flow(content: Any) -> str:
    """Return a value on one line: `{link: a-b, delay: 80ms}`.

    >>> flow({"between": ["tokyo", "singapore"], "link": "aws"})
    '{between: [tokyo, singapore], link: aws}'
    """
    if isinstance(content, Mapping):
        return "{" + ", ".join(f"{scalar(str(key))}: {flow(each)}" for key, each in content.items()) + "}"
    if isinstance(content, Sequence) and not isinstance(content, str):
        return "[" + ", ".join(map(flow, content)) + "]"
    if isinstance(content, bool):
        return "yes" if content else "no"
    return scalar(str(content))


def lines(content: Mapping[str, Any], indent: str = "") -> Iterator[str]:
    """Yield the lines of a mapping: a key on each, and long values on further lines.

    >>> print(*lines({"topology": "two", "links": [{"between": ["a", "b"], "link": "aws"}]}), sep="\\n")
    topology: two
    links:
      - {between: [a, b], link: aws}
    """
    for key, value in content.items():
        head = f"{indent}{scalar(str(key))}:"
        if not _is_long(value, head):
            yield f"{head} {flow(value)}"
        elif isinstance(value, Mapping):
            yield head
            yield from lines(value, indent + "  ")
        else:
            yield head
            for each in value:
                yield from entry_lines(each, indent + "  ")


def entry_lines(entry: Any, indent: str) -> Iterator[str]:
    """Yield the lines of an entry of a list."""
    fits = len(indent) + 2 + len(flow(entry)) <= WIDTH and not _has_entries(entry)
    if not isinstance(entry, Mapping) or not entry or fits:
        yield f"{indent}- {flow(entry)}"
        return
    first, *others = lines(entry, indent + "  ")
    yield f"{indent}- {first.strip()}"
    yield from others


def _is_long(content: Any, head: str) -> bool:
    """Return whether a content needs several lines: it has mappings in it, or is too long for a line."""
    if isinstance(content, str | int | float) or not content:
        return False
    parts = list(content.values() if isinstance(content, Mapping) else content)
    if _has_entries(content) or any(isinstance(each, Mapping) and each for each in parts):
        return True
    return len(head) + 1 + len(flow(content)) > WIDTH


def _has_entries(content: Any) -> bool:
    """Return whether a list of mappings is a part of a content, at any depth."""
    if isinstance(content, Mapping):
        return any(map(_has_entries, content.values()))
    return isinstance(content, list | tuple) and any(isinstance(each, Mapping) for each in content)
