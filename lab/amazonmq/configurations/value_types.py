"""Checks of attribute values against their XML Schema types, with reasons in plain words.

`why_not` follows the schema alone, as the service is assumed to; `stops_a_broker` finds values that pass there but that
ActiveMQ, which reads them into a Java int or double, fails to start with.
"""

from __future__ import annotations

import re

from lab.amazonmq.configurations.permitted_elements import ValueType
from lab.base.printable import shown

_WHOLE = re.compile(r"[+-]?[0-9]+")
_DECIMAL = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?|-?INF|NaN")
_BLANKS = " \t\r\n"
_TRUE, _FALSE = ("true", "1"), ("false", "0")
_JAVA_INT = 2**31
_BITS = {"long": 64, "short": 16}
_LONGEST_NUMBER = 100  # digits; int() is slow on longer texts, and no type here holds a tenth of it


def is_true(text: str | None) -> bool:
    """Return whether an attribute's boolean value is true; False for None."""
    return text is not None and text.strip(_BLANKS) in _TRUE


def why_not(raw: str, kind: ValueType) -> str:
    """Return why a value is not of its type and the remedy, or an empty text if it is."""
    if kind.name == "string":
        if kind.one_of and raw not in kind.one_of:
            return f"{shown(raw)} is not {'one of ' * (len(kind.one_of) > 1)}{', '.join(kind.one_of)}"
        return ""
    text = raw.strip(_BLANKS)
    if kind.name == "boolean":
        return "" if text in (*_TRUE, *_FALSE) else f"{shown(raw)} is neither true nor false"
    if kind.name == "double":
        return "" if _DECIMAL.fullmatch(text) else f"{shown(raw)} is not a number"
    if not _WHOLE.fullmatch(text):
        unit = " without a unit" if text[:1].isdigit() else ""
        return f"{shown(raw)} is not a whole number{unit}"
    return _out_of_bounds(raw, text, kind)


def stops_a_broker(raw: str, kind: ValueType) -> str:
    """Return why ActiveMQ does not start with a value that the schema permits, or an empty text if it does."""
    text = raw.strip(_BLANKS)
    if kind.name == "integer" and (len(text) > _LONGEST_NUMBER or not -_JAVA_INT <= int(text) < _JAVA_INT):
        return f"{shown(raw)} is above {_JAVA_INT - 1}, the most that ActiveMQ reads"
    if kind.name == "double" and text.endswith("INF"):
        return f"{shown(raw)} is not a number to ActiveMQ"
    return ""


def _out_of_bounds(raw: str, text: str, kind: ValueType) -> str:
    least, most = kind.least, kind.most
    if kind.name in _BITS and least is None:
        half = 2 ** (_BITS[kind.name] - 1)
        least, most = -half, half - 1
    if least is None or most is None:
        return ""
    if len(text) > _LONGEST_NUMBER or not least <= int(text) <= most:
        return f"{shown(raw)} is not between {least} and {most}"
    return ""
