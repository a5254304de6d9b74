"""Remedies for unknown words: the nearest valid word, and the list of all valid ones."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from lab.errors import Place, Problem

_MOST = 60  # words that are listed: a repeat may have a name for each of thousands of rounds


def remedy(word: str, valid: Iterable[str], label: str) -> str:
    """Return the remedy for a wrong word: the nearest valid one, if any is near, and all valid ones after `label`."""
    words = list(valid)
    near = nearest(word, words)
    guess = [f"did you mean {near}?"] if near else []
    more = f" and {len(words) - _MOST} more" if len(words) > _MOST else ""
    return "\n".join([*guess, f"{label}: {', '.join(words[:_MOST]) or 'none'}{more}"])


def nearest(word: str, valid: Iterable[str]) -> str:
    """Return the valid word that is nearest to a wrong one, whatever their case; "" if none is near."""
    folded = {each.lower(): each for each in valid}
    near = difflib.get_close_matches(word.lower(), folded, n=1, cutoff=0.6)
    return folded[near[0]] if near else ""


def unknown(kind: str, name: str, valid: Iterable[str], label: str, place: Place | None) -> Problem:
    """Return the Problem that a name of some kind, such as broker, does not exist."""
    return Problem(what=f'no {kind} named "{name}"', remedy=remedy(name, valid, label), place=place)
