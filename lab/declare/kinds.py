"""Finds the functions of other rooms for a kind of step or expectation: in modules of the same name, by convention.

A kind that `lab/declare/steps/publish.py` declares is checked by `lab/check/steps/publish.py` and performed
by `lab/replay/steps/publish.py`. A function for several kinds is in the module of the base class that they share:
`lab/check/steps/message.py` checks every Message.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any

# The signature of `of_kind`: a test hands in one that knows a kind of its own.
Find = Callable[[type, str, str], tuple[Callable[..., Any], ...]]
_DECLARED = ("lab.declare.steps", "lab.declare.expectations")


@cache
def of_kind(kind: type, package: str, name: str) -> tuple[Callable[..., Any], ...]:
    """Return the functions `name` of the modules in `package` that are named as the kind's module, or as a base's.

    The kind's own comes first. A module that is missing, or does not have the function, is skipped.
    """
    found = []
    for module in dict.fromkeys(each.__module__ for each in kind.__mro__):
        home, _, stem = module.rpartition(".")
        if home in _DECLARED and find_spec(f"{package}.{stem}") is not None:
            function = getattr(import_module(f"{package}.{stem}"), name, None)
            found += [] if function is None else [function]
    return tuple(found)
