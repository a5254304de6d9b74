"""The standard library's `dataclass`, in a quarter of its time: of a class's methods it compiles `__init__` alone.

The library compiles up to seven of them from text, for each class, and a lab opens with two hundred. Here it finds the
fields and makes the slots; of the methods that it would write, the others are functions that are there already. What
`dataclasses` says of a class and does with its objects stays as it is.
"""

from __future__ import annotations

import dataclasses
import operator
from collections.abc import Callable, Sequence
from dataclasses import MISSING, Field, FrozenInstanceError, fields
from reprlib import recursive_repr
from typing import TYPE_CHECKING, Any


class _Made:
    def __repr__(self) -> str:
        return "<factory>"  # as the library's is shown in a signature


_MADE = _Made()  # in place of what is made for each object


def _dataclass(
    *, frozen: bool = False, eq: bool = True, order: bool = False, slots: bool = False, kw_only: bool = False
) -> Any:
    def made(cls: type) -> Any:
        cls.__doc__ = cls.__doc__ or cls.__name__  # without one, the library would write the signature
        bare: Any = dataclasses.dataclass(init=False, repr=False, eq=False, slots=slots, kw_only=kw_only)(cls)
        its = fields(bare)
        methods = {"__init__": _init(bare, its, frozen), "__repr__": _repr, **_comparing(its, frozen, eq, order)}
        if frozen:
            methods |= {"__setattr__": _refuse, "__delattr__": _refuse_to_delete}
        if frozen and slots:
            methods |= {"__getstate__": _state, "__setstate__": _take_state}
        own = vars(cls)
        for name, method in methods.items():
            if own.get(name) is None:  # what a class says itself holds
                setattr(bare, name, method)
        return bare

    return made


if TYPE_CHECKING:  # type checkers know the library's
    from dataclasses import dataclass as dataclass
else:
    dataclass = _dataclass


def _init(cls: Any, its: Sequence[Field[Any]], frozen: bool) -> Any:
    names: dict[str, Any] = {"__name__": cls.__module__, "__set": object.__setattr__, "__made": _MADE}
    in_order: list[str] = []
    by_name: list[str] = []
    body: list[str] = []
    for each in its:
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
    exec("\n ".join([f"def __init__({parameters}):", *(body or ["pass"])]), names)
    found = names["__init__"]
    found.__qualname__ = f"{cls.__qualname__}.__init__"  # which a TypeError names
    found.__annotations__ = {each.name: each.type for each in its if each.init} | {"return": None}
    return found


def _comparing(its: Sequence[Field[Any]], frozen: bool, eq: bool, order: bool) -> dict[str, Any]:
    values = _values([each.name for each in its if each.compare])

    def compared(by: Callable[[Any, Any], Any]) -> Callable[[Any, object], Any]:
        return lambda self, other: (
            by(values(self), values(other)) if other.__class__ is self.__class__ else NotImplemented
        )

    found: dict[str, Any] = {}
    if eq:
        found |= {"__eq__": compared(operator.eq), "__hash__": (lambda self: hash(values(self))) if frozen else None}
    if order:
        found |= {f"__{by.__name__}__": compared(by) for by in (operator.lt, operator.le, operator.gt, operator.ge)}
    return found


def _values(names: Sequence[str]) -> Callable[[Any], tuple[Any, ...]]:
    """Return what gives the values of these attributes: an attrgetter, which makes no tuple of fewer than two."""
    if len(names) > 1:
        return operator.attrgetter(*names)
    return lambda of: tuple(getattr(of, name) for name in names)


@recursive_repr()
def _repr(self: Any) -> str:
    shown = ", ".join(f"{each.name}={getattr(self, each.name)!r}" for each in fields(self) if each.repr)
    return f"{type(self).__qualname__}({shown})"


def _refuse(self: Any, name: str, value: object) -> None:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_to_delete(self: Any, name: str) -> None:
    raise FrozenInstanceError(f"cannot delete field {name!r}")


def _state(self: Any) -> list[Any]:
    return [getattr(self, each.name) for each in fields(self)]


def _take_state(self: Any, state: list[Any]) -> None:
    for each, value in zip(fields(self), state, strict=True):
        object.__setattr__(self, each.name, value)
