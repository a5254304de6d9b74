"""Combinations: every value of every key with every other, and every seed. Each is made when it is asked for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from math import prod

from lab.base.dataclass import dataclass
from lab.base.printable import shown
from lab.declare.variants import settings_of
from lab.errors import InputError

MOST_SEEDS, LARGEST_SEED = 1_000_000, 2**63 - 1
_RANGE = re.compile(r"([0-9]{1,19})-([0-9]{1,19})")
_SEEDS = "write 5 for 1 to 5, a range: 5-20, or a list: 3,7,11"
_OPENING, _CLOSING, _QUOTES = "[{", "]}", "\"'"


@dataclass(frozen=True, slots=True, kw_only=True)
class Combination:
    """One value for each key, and a seed; `seed` is None where the scenario's own is meant."""

    number: int  # from 0; seeds change first, then the last key's value
    set: Mapping[str, str]
    seed: int | None

    @property
    def words(self) -> str:
        """Return the combination in words, such as `links.a-b.delay=70ms, seed 3`."""
        seed = [] if self.seed is None else [f"seed {self.seed}"]
        return ", ".join([*(f"{key}={value}" for key, value in self.set.items()), *seed])


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """All combinations of the values of keys, and of seeds.

    >>> grid = Grid(values={"delay": ("5ms", "70ms")}, seeds=(1, 2))
    >>> [combination.words for combination in grid]
    ['delay=5ms, seed 1', 'delay=5ms, seed 2', 'delay=70ms, seed 1', 'delay=70ms, seed 2']
    """

    values: Mapping[str, tuple[str, ...]]  # none of them empty
    seeds: tuple[int | None, ...] = (None,)

    @property
    def count(self) -> int:
        """Return the number of combinations."""
        return prod(map(len, self.values.values())) * len(self.seeds)

    @property
    def varied(self) -> tuple[str, ...]:
        """Return the keys that have more than one value."""
        return tuple(key for key, values in self.values.items() if len(values) > 1)

    def combination(self, number: int) -> Combination:
        """Return the combination of a number from 0."""
        rest, seed = divmod(number, len(self.seeds))
        found: dict[str, str] = {}
        for key, values in reversed([*self.values.items()]):
            rest, place = divmod(rest, len(values))
            found[key] = values[place]
        return Combination(number=number, set=dict(reversed(found.items())), seed=self.seeds[seed])

    def __iter__(self) -> Iterator[Combination]:
        return (self.combination(number) for number in range(self.count))

    def cover(self) -> Iterator[Combination]:
        """Yield combinations in which each value of each key is once, with the first values of the other keys."""
        yield self.combination(0)
        step = self.count
        for values in self.values.values():
            step //= len(values)
            yield from (self.combination(step * place) for place in range(1, len(values)))


def values_of(arguments: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Return KEY → VALUES of arguments such as `links.a-b.delay=5ms,70ms`; raise InputError if one is not like that."""
    written = tuple(arguments)
    if "seed" in written:
        check_values({"seed": ()})
    found = {key: split(text, f"--set {key}") for key, text in settings_of(written).items()}
    check_values(found)
    return found


def check_values(values: Mapping[str, tuple[str, ...]]) -> None:
    """Raise InputError for a key without values, with one value twice, or that is the seed."""
    for key, its in values.items():
        if key == "seed":
            raise InputError.of("seed is not a KEY", "write --seeds 5 for the seeds 1 to 5, or --seeds 3,7,11")
        if not its:
            raise InputError.of(f"{key} has no value", "write one or more values")
        again = next((place for place, each in enumerate(its) if each in its[:place]), None)
        if again is not None:  # it is not quoted: it may have a password
            alike = f"{its.index(its[again]) + 1} and {again + 1}"
            raise InputError.of(f"{key} has the same value twice: numbers {alike}", "give each value once")


def split(text: str, named: str) -> tuple[str, ...]:
    """Return the values between commas; raise InputError, which names the argument, if a list or a quote has no end.

    A comma of a value is written twice, but in one that begins with `[`, `{` or a quotation mark its own commas stay.

    >>> split("5ms,70ms", "--set"), split("a,,b,c", "--set"), split("[tokyo, singapore],[tokyo]", "--set")
    (('5ms', '70ms'), ('a,b', 'c'), ('[tokyo, singapore]', '[tokyo]'))
    """
    found: list[str] = []
    while True:
        value, rest = _first(text, named)
        found.append(value)
        if rest is None:
            return tuple(found)
        text = rest


def _first(text: str, named: str) -> tuple[str, str | None]:
    """Return the first value, and the text after its comma; None if it is the last."""
    if text.startswith((*_OPENING, *_QUOTES)):
        end = _end_of_yaml(text, named)
        return text[:end], text[end + 1 :] if end < len(text) else None
    value, at = "", 0
    while at < len(text):
        if text[at] == ",":
            if text[at + 1 : at + 2] != ",":
                return value, text[at + 1 :]
            at += 1
        value += text[at]
        at += 1
    return value, None


def _end_of_yaml(text: str, named: str) -> int:
    """Return where the value that a text begins with ends: at a comma outside of all brackets and quotes."""
    depth, quote, before, at = 0, "", "[", 0
    while at < len(text):
        sign = text[at]
        if quote:
            if sign == "\\" and quote == '"':
                at += 1
            elif sign == quote:
                quote = ""
        elif sign in _QUOTES and (before in "[{,:" or before in _QUOTES):
            quote = sign
        elif sign in _OPENING:
            depth += 1
        elif sign in _CLOSING:
            depth -= 1
        elif sign == "," and depth == 0:
            return at
        before = before if sign.isspace() else sign
        at += 1
    if quote or depth:
        raise InputError.of(f"{named} has a list, a mapping or a quote without its end", "close it")
    return at


def seeds_of(text: str) -> tuple[int, ...]:
    """Return the seeds 1 to N of `N`, or the seeds of a range or a list; a list of one seed ends with a comma.

    Raise InputError for any other text.

    >>> seeds_of("3"), seeds_of("3,7,11"), seeds_of("7,"), seeds_of("5-7")
    ((1, 2, 3), (3, 7, 11), (7,), (5, 6, 7))
    """
    if (ends := _RANGE.fullmatch(text)) is not None:
        first, last = map(int, ends.groups())
        if last < first:
            raise InputError.of(f"--seeds {text} is an empty range", f"write the lower seed first: {last}-{first}")
        if last > LARGEST_SEED or last - first >= MOST_SEEDS:
            what = f"--seeds {text} has more than {MOST_SEEDS} seeds, or one above {LARGEST_SEED}"
            raise InputError.of(what, "write a smaller range, such as 5-20")
        return tuple(range(first, last + 1))
    parts = [each.strip() for each in text.removesuffix(",").split(",")]
    for part in parts:
        if not (part.isascii() and part.isdecimal() and len(part) < 20 and int(part) <= LARGEST_SEED):
            raise InputError.of(f"--seeds: {shown(part, 20)} is not a seed", _SEEDS)
    numbers = tuple(int(part) for part in parts)
    if "," in text:
        if len(set(numbers)) < len(numbers):
            raise InputError.of("--seeds has a seed twice", "give each seed once")
        return numbers
    if not 1 <= numbers[0] <= MOST_SEEDS:
        raise InputError.of(
            f"--seeds {shown(text)} is not between 1 and {MOST_SEEDS}, the number of seeds",
            f"write --seeds 10 for the seeds 1 to 10; a single seed has a comma: --seeds {numbers[0]},",
        )
    return tuple(range(1, numbers[0] + 1))
