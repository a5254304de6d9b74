"""The kinds of steps or of expectations by name, and the functions of other rooms for one: by files of the same name.

A kind that `lab/declare/steps/publish.py` declares is checked by `lab/check/steps/publish.py` and performed
by `lab/replay/steps/publish.py`. A function for several kinds is in the module of the base class that they share:
`lab/check/steps/message.py` checks every Message.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from keyword import iskeyword
from typing import Any, TypeVar

# The signature of `of_kind`: a test hands in one that knows a kind of its own.
Find = Callable[[type, str, str], tuple[Callable[..., Any], ...]]
_DECLARED = ("lab.declare.steps", "lab.declare.expectations")
_Kind = TypeVar("_Kind")


class Kinds(Mapping[str, type[_Kind]]):
    """Classes of steps by verb, or of expectations by name; a class is loaded at its first use: a run uses few."""

    def __init__(self, package: str, classes: Mapping[str, str]) -> None:
        self._package, self._classes = package, classes

    def __getitem__(self, word: str) -> type[_Kind]:
        name, stem = self._classes[word], word.replace("-", "_")
        kind: type[_Kind] = getattr(import_module(f"{self._package}.{stem}{'_' * iskeyword(stem)}"), name)
        return kind

    def __contains__(self, word: object) -> bool:
        return word in self._classes  # without loading the kind

    def __iter__(self) -> Iterator[str]:
        return iter(self._classes)

    def __len__(self) -> int:
        return len(self._classes)


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
