"""The alternatives of a regular expression, one at a time, each with its own matches."""

from __future__ import annotations

import re
from collections.abc import Iterator

_TOKEN = re.compile(
    r"""(?P<quoted>\\Q.*?(?:\\E|$)|\\.|\[\^?\]?(?:\[:\^?\w+:\]|\\.|[^\]\\])*\])  # these are text, whatever is in them
    |(?P<opens>\((?:\?(?:P?<\w+>|[a-zA-Z-]*:|[a-zA-Z-]+(?=\))))?)
    |(?P<closes>\))
    |(?P<bar>\|)
    |.""",
    re.DOTALL | re.VERBOSE,
)
_FLAGS = re.compile(r"\(\?[a-zA-Z-]+\)")


def narrowed(expression: str) -> Iterator[str]:
    """Yield the expression with one of its alternatives in the place of all of them, for each alternative.

    An expression without any is yielded as it is.

    >>> list(narrowed("a|b"))
    ['a', 'b']
    >>> list(narrowed(r"x (?:a|\\||[|]) y"))
    ['x (?:a) y', 'x (?:\\\\|) y', 'x (?:[|]) y']
    >>> list(narrowed("(?i)a|b(c)"))
    ['(?i)a', '(?i)b(c)']
    """
    found = False
    for begins, bars, ends in _choices(expression):
        found = True
        for start, end in zip([begins, *(bar + 1 for bar in bars)], [*bars, ends], strict=True):
            yield expression[:begins] + expression[start:end] + expression[ends:]
    if not found:
        yield expression


def _choices(expression: str) -> Iterator[tuple[int, list[int], int]]:
    """Yield of each group with alternatives, and of the whole, where they begin, where the bars are, and their end."""
    leading = _FLAGS.match(expression)
    groups: list[tuple[int, list[int]]] = [(leading.end() if leading else 0, [])]
    for token in _TOKEN.finditer(expression):
        if token["opens"]:
            groups.append((token.end(), []))
        elif token["closes"] and len(groups) > 1:
            begins, bars = groups.pop()
            if bars:
                yield begins, bars, token.start()
        elif token["bar"]:
            groups[-1][1].append(token.start())
    begins, bars = groups[0]
    if bars:
        yield begins, bars, len(expression)
