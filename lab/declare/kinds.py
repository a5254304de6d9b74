"""What other rooms know of a kind of step or of expectation: modules of the same name, found by convention.

A kind that `lab/declare/steps/publish.py` declares is checked by `lab/check/steps/publish.py` and done by
`lab/replay/steps/publish.py`. What holds for several kinds is in the module of the base class that they share:
`lab/check/steps/message.py` checks whatever is a Message.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any

# How what another room knows of a kind is found: a test hands in one that knows of a kind of its own.
Find = Callable[[type, str, str], tuple[Callable[..., Any], ...]]
_DECLARED = ("lab.declare.steps", "lab.declare.expectations")


@cache
def of_kind(kind: type, package: str, name: str) -> tuple[Callable[..., Any], ...]:
    """Return the function `name` of each module of a package that is called as the kind's own or as a base's.

    The kind's own comes first. A module without that function, or none at all, is passed over.
    """
    found = []
    for module in dict.fromkeys(each.__module__ for each in kind.__mro__):
        home, _, stem = module.rpartition(".")
        if home in _DECLARED and find_spec(f"{package}.{stem}") is not None:
            function = getattr(import_module(f"{package}.{stem}"), name, None)
            found += [] if function is None else [function]
    return tuple(found)
