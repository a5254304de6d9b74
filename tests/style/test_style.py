"""The forms that the project avoids become fewer, and never more."""

from __future__ import annotations

from collections import Counter
from functools import cache
from pathlib import Path

from tests.style.limits import read
from tests.style.rules import Hit, hits


@cache
def _hits() -> tuple[Hit, ...]:
    return tuple(hits())


def test_no_form_becomes_more_frequent() -> None:
    found = _hits()
    numbers, limits = Counter(hit.counted_as for hit in found), read()
    too_many = {key: number for key, number in numbers.items() if number > limits.get(key, 0)}
    places = [f"{hit.place}: {hit.text}" for hit in found if hit.counted_as in too_many]
    assert not too_many, "\n".join((f"more than in limits.toml: {too_many}", *places[:20]))


def test_a_limit_falls_with_its_number() -> None:
    numbers = Counter(hit.counted_as for hit in _hits())
    too_high = {key: numbers[key] for key, limit in read().items() if numbers[key] < limit}
    assert not too_high, f"lower them: python -m tests.style --lower: {too_high}"


def test_the_forms_are_found(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "lab").mkdir()
    (tmp_path / "docs" / "page.md").write_text("It does what it can.\n\n```\nnobody\n```\n\n`told` is code.\n", "utf-8")
    (tmp_path / "lab" / "room.py").write_text(
        'def go(its: int) -> str:\n    """Tell nobody."""\n    return "is owed"\n'
    )
    assert sorted((hit.counted_as, hit.place) for hit in hits(tmp_path)) == [
        ("docstrings.people-for-software", "lab/room.py:2"),
        ("docstrings.programs-that-speak", "lab/room.py:2"),
        ("names.parameter", "lab/room.py:1"),
        ("pages.what-clause", "docs/page.md:1"),
        ("strings.old-word", "lab/room.py:3"),
    ]


def test_an_item_of_a_list_is_a_sentence_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    page = tmp_path / "docs" / "page.md"
    page.write_text(f"- {'word ' * 20}\n- {'word ' * 20}<br>{'word ' * 20}\n", "utf-8")
    assert not [*hits(tmp_path)]
    page.write_text(f"- {'word ' * 26}\n", "utf-8")
    assert [hit.form for hit in hits(tmp_path)] == ["long-sentence"]
