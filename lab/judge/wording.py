"""An expectation in one line, as a person writes it; moments, gaps and counts in words."""

from __future__ import annotations

import json
import re
from datetime import timedelta

from lab import units
from lab.declare.expectation import Expectation
from lab.declare.fields import Declared

_PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_ .+/>-]*")


def in_words(expectation: Expectation) -> str:
    """Write an expectation in one line, leaving out what has its default."""
    parts = []
    for name, field in type(expectation).model_fields.items():
        value = getattr(expectation, name)
        if value != field.default:
            parts.append(f"{field.alias or name.replace('_', '-')}: {_scalar(value)}")
    return f"{expectation.claim}: {{{', '.join(parts)}}}"


def moment(t: float) -> str:
    """Write a moment of the replay."""
    return f"{t:.3f} s"


def gap(seconds: float) -> str:
    """Write how long something took, as exactly as a person cares."""
    if seconds < 0.0995:
        return f"{seconds * 1000:.1f} ms"
    return f"{seconds:.1f} s" if seconds < 99.95 else f"{seconds:.0f} s"


def milliseconds(value: float) -> str:
    """Write a latency given in milliseconds."""
    return f"{value:.1f} ms" if value < 1000 else f"{value / 1000:.2f} s"


def listed(names: list[str]) -> str:
    """Write names after one another: a, b and c."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}" if names else "nobody"


def _scalar(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, timedelta):
        return units.format_duration(value)
    if isinstance(value, Declared):
        return _scalar(value.model_dump(mode="json"))
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key}: {_scalar(each)}' for key, each in value.items())}}}"
    if isinstance(value, tuple | list):
        items = [_scalar(item) for item in value]
        return items[0] if len(items) == 1 else f"[{', '.join(items)}]"
    text = str(value)
    return text if _PLAIN.fullmatch(text) else json.dumps(text, ensure_ascii=False)
