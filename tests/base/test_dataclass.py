"""A dataclass of ours is one of the standard library's: whatever is asked of both, they say the same."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import pickle
from collections.abc import Callable
from dataclasses import FrozenInstanceError, InitVar, field
from typing import Any, ClassVar, get_type_hints

import pytest

from lab.base import dataclass as ours

FROZEN = {"frozen": True, "slots": True, "kw_only": True}
MADE = {"ours": ours.dataclass, "the library's": dataclasses.dataclass}


def said(do: Callable[[], object]) -> object:
    """Return what comes of it, or the error's kind and text."""
    try:
        return do()
    except Exception as error:  # noqa: BLE001  # any, to be compared
        return type(error), str(error)


def base(dataclass: Any, **settings: bool) -> Any:
    @dataclass(**settings)
    class Thing:
        """A thing with fields of every kind."""

        kind: ClassVar[str] = "thing"
        first: int
        secret: str = field(repr=False)
        second: tuple[int, ...] = ()
        noted: dict[str, int] = field(default_factory=dict, compare=False)
        seen: list[int] = field(default_factory=list, init=False, repr=False, compare=False)
        word: str = field(default="none", init=False)

        def __post_init__(self) -> None:
            if self.first < 0:
                raise ValueError("less than nothing")

    return Thing


def derived(dataclass: Any, **settings: bool) -> Any:
    @dataclass(**settings)
    class More(base(dataclass, **settings)):
        """One more."""

        third: bool = False

    return More


def empty(dataclass: Any, **settings: bool) -> Any:
    @dataclass(**settings)
    class Thing:
        """Nothing."""

    return Thing


def single(dataclass: Any, **settings: bool) -> Any:
    @dataclass(**settings)
    class Thing:
        first: int = 1

    return Thing


def itself(dataclass: Any, **settings: bool) -> Any:
    @dataclass(**settings)
    class Thing:
        """A class with its own __repr__ and __eq__."""

        first: int = 1

        def __repr__(self) -> str:
            return "a thing"

        def __eq__(self, other: object) -> bool:
            return isinstance(other, type(self))

    return Thing


def hashing(dataclass: Any, **settings: bool) -> Any:
    @dataclass(**settings)
    class Thing:
        """A class that is hashed by other fields than it is compared by."""

        first: int = 1
        apart: int = field(default_factory=iter([1, 2, 3]).__next__, hash=False)
        held: list[int] = field(default_factory=list, hash=False)
        counted: int = field(default=1, compare=False, hash=True)

    return Thing


def unhashable(dataclass: Any, **settings: bool) -> Any:
    @dataclass(**settings)
    class Thing:
        first: int = 1
        __hash__ = None  # type: ignore[assignment]

    return Thing


KINDS = [base, derived, empty, single, itself, hashing, unhashable]
SETTINGS: list[dict[str, bool]] = [
    FROZEN,
    {**FROZEN, "order": True},
    {**FROZEN, "eq": False},
    {"slots": True, "kw_only": True},
    {"slots": True, "eq": False, "kw_only": True},
    {"frozen": True, "kw_only": True},
]


def questions(cls: Any) -> list[object]:
    """Return what a class and its objects say of themselves."""
    needed = {"first": 1, "secret": "s"} if "secret" in cls.__dataclass_fields__ else {}
    new = lambda **more: cls(**{**needed, **more})  # noqa: E731
    one, same, other = new(), new(), said(lambda: new(first=2))
    return [
        str(inspect.signature(cls)),
        repr(cls.__dataclass_params__),
        cls.__match_args__,
        [(each.name, each.type, each.init, each.compare) for each in dataclasses.fields(cls)],
        [repr(one), repr(other)],
        [one == same, one == other, one != other, one == 1],
        said(lambda: hash(one) == hash(same)),
        said(lambda: len({one, same, other})),
        [said(lambda: one < other), said(lambda: one >= other), said(lambda: one <= 1)],
        said(lambda: repr(dataclasses.replace(one, first=3))),
        said(lambda: repr(dataclasses.replace(one, nothing=3))),
        said(lambda: dataclasses.asdict(one)),
        [repr(copy.copy(one)), repr(copy.deepcopy(one))],
        # Of a name that is no field, and with slots, the library's says that `super` fails.
        [
            said(lambda each=each: (setattr(one, each.name, 4), delattr(one, each.name)))
            for each in dataclasses.fields(cls)
        ],
        [said(lambda: cls(1)), said(lambda: cls(nothing=1)), said(lambda: cls(first=-1, secret=""))],
        [said(lambda: one.seen), said(lambda: one.seen is same.seen), said(lambda: one.noted is same.noted)],
        [name for name in ("__dict__", "__slots__") if hasattr(one, name)],
    ]


@pytest.mark.parametrize("settings", SETTINGS, ids=lambda settings: "-".join(settings))
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_it_says_what_the_librarys_says(kind: Callable[..., Any], settings: dict[str, bool]) -> None:
    mine, its = (questions(kind(dataclass, **settings)) for dataclass in MADE.values())
    assert mine == its


@pytest.mark.parametrize("other", [True, False])
@pytest.mark.parametrize("slots", [True, False])
@pytest.mark.parametrize("frozen", [True, False])
@pytest.mark.parametrize("heir", MADE.values(), ids=MADE)
def test_a_class_of_either_kind_inherits_from_ours_as_from_the_librarys(
    heir: Any, frozen: bool, slots: bool, other: bool
) -> None:
    def made(dataclass: Any) -> str:
        @heir(frozen=other, slots=slots)
        class More(single(dataclass, frozen=frozen, slots=slots)):  # type: ignore[misc]
            second: int = 2

        return repr(More())

    mine, its = (said(lambda dataclass=dataclass: made(dataclass)) for dataclass in MADE.values())
    assert mine == its


@pytest.mark.parametrize("name", ["__setattr__", "__delattr__", "__lt__"])
def test_a_method_of_its_own_is_refused_where_the_library_refuses_it(name: str) -> None:
    thing = {"__annotations__": {"first": int}, name: lambda *_: None}
    settings = {**FROZEN, "order": True}
    mine, its = (said(lambda each=each: each(**settings)(type("Thing", (), dict(thing)))) for each in MADE.values())
    assert (
        mine
        == its
        == (
            TypeError,
            f"Cannot overwrite attribute {name} in class Thing"
            + (". Consider using functools.total_ordering" if name == "__lt__" else ""),
        )
    )


def test_an_order_needs_equality() -> None:
    with pytest.raises(ValueError, match="eq must be true"):
        empty(ours.dataclass, order=True, eq=False, slots=True)


def test_what_is_for_the_first_moment_alone_is_refused() -> None:
    with pytest.raises(TypeError, match=r"Thing\.once is an InitVar"):

        @ours.dataclass(slots=True)
        class Thing:
            once: InitVar[int]


@ours.dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A place on a plane."""

    x: int
    y: int = field(default=0, repr=False)


@ours.dataclass(slots=True)
class Circle:
    """A class whose objects may contain themselves."""

    of: list[Any]
    wide: int = 1


def test_one_goes_to_another_process() -> None:
    assert pickle.loads(pickle.dumps(Point(x=1, y=2))) == Point(x=1, y=2)


def test_one_that_holds_itself_is_shown() -> None:
    circle = Circle([])
    circle.of.append(circle)
    assert repr(circle) == "Circle(of=[...], wide=1)"


def test_what_is_in_order_may_be_given_in_order() -> None:
    assert Circle([1], 2) == Circle(wide=2, of=[1])
    match Circle([1], 2):
        case Circle(of, wide):
            assert (of, wide) == ([1], 2)


def test_a_frozen_one_stays_as_it_is() -> None:
    with pytest.raises(FrozenInstanceError, match="cannot assign to field 'x'"):
        Point(x=1).x = 2  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError, match="cannot delete field 'x'"):
        del Point(x=1).x


class Named(Point):
    """A plain subclass, with what is its own."""

    name = ""


def test_a_plain_subclass_of_a_frozen_one_has_attributes_of_its_own() -> None:
    named = Named(x=1)
    named.name = "here"
    assert named.name == "here"
    del named.name
    assert named.name == ""
    with pytest.raises(FrozenInstanceError, match="cannot assign to field 'x'"):
        named.x = 2  # type: ignore[misc]


def test_the_types_of_its_arguments_are_read_in_its_module() -> None:
    assert get_type_hints(Circle.__init__) == {"of": list[Any], "wide": int, "return": type(None)}
    assert inspect.signature(Circle, eval_str=True).parameters["of"].annotation == list[Any]
