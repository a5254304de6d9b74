"""The kinds of steps or of expectations by name, and the functions that other rooms have for a kind.

A family of kinds is a module of `lab.declare.steps` or `lab.declare.expectations`, and a module of the same name in
each other room. A function there is registered for the class of a kind, or for a class that several kinds share.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from typing import Any, Generic, TypeVar

_Kind = TypeVar("_Kind")
_Function = TypeVar("_Function", bound=Callable[..., Any])


class Kinds(Mapping[str, type[_Kind]]):
    """Classes of steps by verb, or of expectations by name, each written as "family.Class".

    A family is loaded when one of its classes is first used: a run uses few.
    """

    def __init__(self, package: str, classes: Mapping[str, str]) -> None:
        self._package, self._classes = package, classes

    def __getitem__(self, word: str) -> type[_Kind]:
        family, _, name = self._classes[word].partition(".")
        kind: type[_Kind] = getattr(import_module(f"{self._package}.{family}"), name)
        return kind

    def __contains__(self, word: object) -> bool:
        return word in self._classes  # without loading the kind

    def __iter__(self) -> Iterator[str]:
        return iter(self._classes)

    def __len__(self) -> int:
        return len(self._classes)


class Registry(Generic[_Function]):
    """The functions of a room, such as the judges, by the class that each is registered for.

    Each of `families` names a family's module in the room, and perhaps others, for kinds with a file of their own:
    "messages publish". They are loaded when a kind of the family is first looked up: a run uses few.
    """

    def __init__(self, room: str, *families: str) -> None:
        self._room, self._families = room, {each.split()[0]: each.split() for each in families}
        self._functions: dict[type, _Function] = {}

    def register(self, *kinds: type) -> Callable[[_Function], _Function]:
        """Return a decorator that registers a function for classes of steps or expectations."""

        def add(function: _Function) -> _Function:
            self._functions |= dict.fromkeys(kinds, function)
            return function

        return add

    def of(self, kind: type) -> tuple[_Function, ...]:
        """Return the functions for a kind and for the classes that it is made of, its own first."""
        for base in kind.__mro__:
            for module in self._families.pop(base.__module__.rpartition(".")[2], ()):
                import_module(f"{self._room}.{module}")
        return tuple(self._functions[base] for base in kind.__mro__ if base in self._functions)
