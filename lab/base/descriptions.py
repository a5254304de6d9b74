"""The sentences that describe fields: each stands below its field in the class, as a docstring stands below a name.

Schemas and `--help` are made from them. Commands that need no sentence do not parse the source, and so start
quickly.
"""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Iterator, Mapping
from functools import cache

DRAFT = "https://json-schema.org/draft/2020-12/schema"  # of all schemas that mqlab writes
_LIBRARIES = {"abc", "builtins", "msgspec", "pydantic", "typing"}  # whose base classes have no fields of a file


def sentences(kind: type) -> dict[str, str]:
    """Return the sentence of each field of a class, by the field's name; the fields of base classes come first."""
    return {
        field: sentence
        for base in reversed(kind.__mro__)
        if base.__module__.partition(".")[0] not in _LIBRARIES
        for field, sentence in _classes(base.__module__).get(base.__name__, ("", {}))[1].items()
    }


def summary(kind: type) -> str:
    """Return the first line of a class's docstring, also if Python runs without docstrings."""
    return _classes(kind.__module__).get(kind.__name__, ("", {}))[0]


@cache
def _classes(module: str) -> Mapping[str, tuple[str, Mapping[str, str]]]:
    """Return the first line of each docstring, and the sentences of the fields, by the names of a module's classes."""
    try:
        tree = ast.parse(inspect.getsource(sys.modules[module]))
    except (OSError, TypeError):  # a module without a file
        return {}
    classes = [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    return {node.name: ((ast.get_docstring(node) or "").partition("\n")[0], dict(_fields(node))) for node in classes}


def _fields(node: ast.ClassDef) -> Iterator[tuple[str, str]]:
    for field, below in zip(node.body, node.body[1:], strict=False):
        match field, below:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(sentence))):
                yield name, sentence
