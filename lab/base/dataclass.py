"""The standard library's `dataclass`, in a quarter of its time: of a class's methods it compiles `__init__` alone.

The library compiles six of a frozen class from text, and a lab opens with two hundred classes. Here it finds the fields
and makes the slots; of the methods that it would write, the others are functions that are there already. What
`dataclasses` says of a class and does with its objects stays as it is. A class of a rare kind is the library's whole.
"""

from __future__ import annotations

import dataclasses
import operator
import sys
from collections.abc import Callable, Sequence
from dataclasses import MISSING, Field, FrozenInstanceError, fields, is_dataclass
from reprlib import recursive_repr
from typing import TYPE_CHECKING, Any


class _Made:
    def __repr__(self) -> str:
        return "<factory>"  # as the library's is shown in a signature


_MADE = _Made()  # in place of what is made for each object
_REFUSING = frozenset({"__setattr__", "__delattr__"})


def _dataclass(
    *, frozen: bool = False, eq: bool = True, order: bool = False, slots: bool = False, kw_only: bool = False
) -> Any:
    settings = {"slots": slots, "kw_only": kw_only}

    def made(cls: type) -> Any:
        own = vars(cls)
        # What a base's fields and its being frozen mean for a class, and what is refused, the library knows.
        if order or not slots or is_dataclass(cls) or (frozen and not _REFUSING.isdisjoint(own)):
            return dataclasses.dataclass(frozen=frozen, eq=eq, order=order, **settings)(cls)
        cls.__doc__ = cls.__doc__ or cls.__name__  # without one, the library would write the signature
        bare: Any = dataclasses.dataclass(init=False, repr=False, eq=False, **settings)(cls)
        said = bare.__dataclass_params__
        said.init, said.repr, said.eq, said.frozen = True, True, eq, frozen
        its = fields(bare)
        methods = {"__init__": _init(bare, its, frozen), "__repr__": _repr}
        if eq:
            methods |= _comparing(its, frozen)
        if frozen:
            methods |= _refusing(bare, its) | {"__getstate__": _state, "__setstate__": _take_state}
        for name, method in methods.items():
            if name not in own or (name == "__hash__" and own[name] is None and "__eq__" in own):
                setattr(bare, name, method)  # else what a class says itself holds; with `__eq__`, Python says no hash
        return bare

    return made


if TYPE_CHECKING:  # type checkers know the library's
    from dataclasses import dataclass as dataclass
else:
    dataclass = _dataclass


def _init(cls: Any, fields: Sequence[Field[Any]], frozen: bool) -> Any:
    for each in cls.__dataclass_fields__.values():
        if each._field_type is dataclasses._FIELD_INITVAR:  # type: ignore[attr-defined]
            raise TypeError(f"{cls.__qualname__}.{each.name} is an InitVar, which this dataclass does not take")
    names: dict[str, Any] = {"__set": object.__setattr__, "__made": _MADE}
    in_order: list[str] = []
    by_name: list[str] = []
    body: list[str] = []
    for each in fields:
        name, default, value = each.name, f"__default_{each.name}", each.name
        if each.default is not MISSING:
            names[default], parameter = each.default, f"{name}={default}"
            value = name if each.init else default
        elif each.default_factory is not MISSING:
            names[default], parameter = each.default_factory, f"{name}=__made"
            value = f"{default}() if {name} is __made else {name}" if each.init else f"{default}()"
        else:
            parameter = name
        if each.init:
            (by_name if each.kw_only else in_order).append(parameter)
        if each.init or default in names:
            body.append(f"__set(self, {name!r}, {value})" if frozen else f"self.{name} = {value}")
    if hasattr(cls, "__post_init__"):
        body.append("self.__post_init__()")
    parameters = ", ".join(["self", *in_order, *(["*", *by_name] if by_name else [])])
    lines = [f"def __made_of({', '.join(names)}):", f" def __init__({parameters}):"]
    lines += [f"  {line}" for line in body or ["pass"]]
    made: dict[str, Any] = {}
    module = sys.modules.get(cls.__module__)  # in whose names annotations are read
    exec("\n".join([*lines, " return __init__"]), vars(module) if module else {}, made)
    found = made["__made_of"](**names)
    found.__qualname__ = f"{cls.__qualname__}.__init__"  # which a TypeError names
    found.__annotations__ = {each.name: each.type for each in fields if each.init} | {"return": None}
    return found


def _comparing(fields: Sequence[Field[Any]], frozen: bool) -> dict[str, Any]:
    values = _values([each.name for each in fields if each.compare])
    hashed = _values([each.name for each in fields if (each.compare if each.hash is None else each.hash)])

    def equal(self: Any, other: object) -> Any:
        return values(self) == values(other) if other.__class__ is self.__class__ else NotImplemented

    return {"__eq__": equal, "__hash__": (lambda self: hash(hashed(self))) if frozen else None}


def _values(names: Sequence[str]) -> Callable[[Any], tuple[Any, ...]]:
    """Return a getter of the values of these attributes: an attrgetter, which makes no tuple of fewer than two."""
    if len(names) > 1:
        return operator.attrgetter(*names)
    return lambda of: tuple(getattr(of, name) for name in names)


@recursive_repr()
def _repr(self: Any) -> str:
    shown = ", ".join(f"{each.name}={getattr(self, each.name)!r}" for each in fields(self) if each.repr)
    return f"{type(self).__qualname__}({shown})"


def _refusing(cls: Any, fields: Sequence[Field[Any]]) -> dict[str, Any]:
    names = frozenset(each.name for each in fields)

    def setting(self: Any, name: str, new: object) -> None:
        if type(self) is cls or name in names:
            raise FrozenInstanceError(f"cannot assign to field {name!r}")
        super(cls, self).__setattr__(name, new)

    def deleting(self: Any, name: str) -> None:
        if type(self) is cls or name in names:
            raise FrozenInstanceError(f"cannot delete field {name!r}")
        super(cls, self).__delattr__(name)

    return {"__setattr__": setting, "__delattr__": deleting}


def _state(self: Any) -> list[Any]:
    return [getattr(self, each.name) for each in fields(self)]


def _take_state(self: Any, state: list[Any]) -> None:
    for each, value in zip(fields(self), state, strict=True):
        object.__setattr__(self, each.name, value)
