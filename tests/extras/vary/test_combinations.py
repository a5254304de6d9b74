"""Every value with every other and every seed; what is written on a command line, and what is wrong with it."""

from __future__ import annotations

import doctest

import pytest

from lab.errors import InputError
from lab.extras.vary import combinations
from lab.extras.vary.combinations import Grid, check_values, seeds_of, split, values_of


def test_the_examples_are_true() -> None:
    assert doctest.testmod(combinations).failed == 0


def test_each_combination_comes_once_and_seeds_change_first() -> None:
    grid = Grid(values={"a": ("1", "2", "3"), "b": ("x", "y")}, seeds=(5, 6))
    found = [*grid]
    assert [(each.set["a"], each.set["b"], each.seed) for each in found[:5]] == [
        ("1", "x", 5),
        ("1", "x", 6),
        ("1", "y", 5),
        ("1", "y", 6),
        ("2", "x", 5),
    ]
    assert len({each.words for each in found}) == grid.count == 12
    assert [each.number for each in found] == [*range(12)]


def test_a_cover_has_each_value_once() -> None:
    grid = Grid(values={"a": ("1", "2", "3"), "b": ("x", "y")}, seeds=(5, 6))
    assert [each.words for each in grid.cover()] == [
        "a=1, b=x, seed 5",
        "a=2, b=x, seed 5",
        "a=3, b=x, seed 5",
        "a=1, b=y, seed 5",
    ]


def test_more_combinations_than_a_machine_has_room_for_are_counted() -> None:
    grid = Grid(values={f"k{key}": tuple(map(str, range(1000))) for key in range(8)}, seeds=tuple(range(1000)))
    assert grid.count == 10**27
    assert grid.combination(10**27 - 1).set["k0"] == "999"
    assert next(iter(grid)).seed == 0


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("5ms", ["5ms"]),
        ("a,,b,c", ["a,b", "c"]),
        ("static:(ssl://a:1,,ssl://b:1),static:(ssl://a:1)", ["static:(ssl://a:1,ssl://b:1)", "static:(ssl://a:1)"]),
        ("[a, b],[c]", ["[a, b]", "[c]"]),
        ('{a: [1, 2], b: "],"},{}', ['{a: [1, 2], b: "],"}', "{}"]),
        ('"a,b",c', ['"a,b"', "c"]),
        (r'"a\",b",c', [r'"a\",b"', "c"]),
        ("'it''s, so',b", ["'it''s, so'", "b"]),
        ("[it's, b],c", ["[it's, b]", "c"]),
    ],
)
def test_values_between_commas(text: str, values: list[str]) -> None:
    assert split(text, "--set k") == tuple(values)


@pytest.mark.parametrize(
    ("argument", "words"),
    [
        ("k=[a,b", "--set k has a list, a mapping or a quote without its end"),
        ('k="a,b', "--set k has a list, a mapping or a quote without its end"),
        ("k=1,2,1", "k has the same value twice: numbers 1 and 3"),
        ("seed=1,2", "write --seeds 5 for the seeds 1 to 5"),
        ("k", "--set k gives no value"),
    ],
)
def test_what_is_wrong_with_values(argument: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        values_of([argument])


def test_a_key_without_values_is_refused() -> None:
    with pytest.raises(InputError, match="k has no value"):
        check_values({"k": ()})


@pytest.mark.parametrize("text", ["", "0", "x", "1,,2", "1,1", "-3", "1.5", "2000000", str(2**63), "²"])
def test_what_is_no_seed(text: str) -> None:
    with pytest.raises(InputError, match="--seeds"):
        seeds_of(text)
