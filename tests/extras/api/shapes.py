"""Hypothesis's strategies of requests and answers, from botocore's own shapes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from botocore.model import Shape
from hypothesis import strategies as st

# Letters that URLs, forms, JSON and XML escape, and some beyond ASCII.
TEXTS = st.text("abz09 &<>\"'%+=/?.:_-~\n\té€𝄞", min_size=1, max_size=12)
MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2030, 1, 1)).map(
    lambda moment: moment.replace(microsecond=0, tzinfo=UTC)
)
DEEPEST = 3


def contents(shape: Shape, level: int = 0) -> st.SearchStrategy[Any]:
    """Return a strategy of contents of a shape."""
    kind = shape.type_name
    if kind == "structure":
        members = shape.members
        if level > DEEPEST:
            members = {
                name: member for name, member in members.items() if member.type_name not in ("structure", "list")
            }
        needed = {name: contents(members[name], level + 1) for name in shape.required_members if name in members}
        rest = {name: contents(member, level + 1) for name, member in members.items() if name not in needed}
        whole = st.fixed_dictionaries(needed, optional=rest)
        return whole.filter(bool) if level and members else whole  # a form has no empty structure
    if kind == "list":
        return st.lists(contents(shape.member, level + 1), min_size=1, max_size=2)
    if kind == "map":
        return st.dictionaries(TEXTS, contents(shape.value, level + 1), max_size=2)
    if kind == "string":
        return st.sampled_from(sorted(shape.enum)) if shape.enum else TEXTS
    if kind in ("integer", "long"):
        least, most = shape.metadata.get("min", -(2**31)), shape.metadata.get("max", 2**31 - 1)
        return st.integers(int(least), int(most))
    if kind in ("float", "double"):
        return st.floats(-1e6, 1e6, allow_nan=False)
    if kind == "boolean":
        return st.booleans()
    if kind == "timestamp":
        return MOMENTS
    return st.binary(max_size=8)


def without_empty(content: Any) -> Any:
    """Return a content without empty parts: a form has no empty list."""
    if isinstance(content, dict):
        parts = {key: without_empty(part) for key, part in content.items()}
        return {key: part for key, part in parts.items() if part not in ({}, [], None)}
    if isinstance(content, list):
        return [part for part in map(without_empty, content) if part != {}]
    return content
