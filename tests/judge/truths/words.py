"""The truth's word on an expectation: the outcomes that are right; more than one where a rule leaves it open."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

Word: TypeAlias = frozenset[str]

PASSED, FAILED, UNKNOWN = (frozenset((name,)) for name in ("passed", "failed", "unknown"))
_RANK = ("passed", "unknown", "failed")


def worst(words: Iterable[Word]) -> Word:
    """Return the word on several things of which each must be so: for every choice the worst of them."""
    found = PASSED
    for word in words:
        found = frozenset(max(one, other, key=_RANK.index) for one in found for other in word)
    return found


def no_better(word: Word) -> Word:
    """Return a word in which nothing holds: where it would, the history cannot tell."""
    return frozenset("unknown" if each == "passed" else each for each in word)
