"""Remedies for unknown words: the nearest valid word, and the list of all valid ones."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterable, Mapping

from lab.errors import Place, Problem

_MOST = 60  # words that are listed: a repeat may have a name for each of thousands of rounds


def remedy(word: str, valid: Iterable[str], label: str, meanings: Mapping[str, str] = {}) -> str:
    """Return the remedy for a wrong word: the nearest valid one, if any is near, and all valid ones after `label`."""
    words = list(valid)
    more = f" and {len(words) - _MOST} more" if len(words) > _MOST else ""
    listed = f"{label}: {', '.join(words[:_MOST]) or 'none'}{more}"
    return "\n".join(line for line in (guess(word, words, meanings), listed) if line)


def guess(word: str, valid: Iterable[str], meanings: Mapping[str, str] = {}) -> str:
    """Return a question for the valid word that is nearest to a wrong one; "" if none is near."""
    near = nearest(word, valid, meanings)
    return f"did you mean {near}?" if near else ""


def nearest(word: str, valid: Iterable[str], meanings: Mapping[str, str] = {}) -> str:
    """Return the valid word that is nearest to a wrong one, whatever their case; "" if none is near.

    `meanings` has words that people write instead of valid ones.
    """
    folded = {_folded(name): name for name in valid} | {_folded(name): meant for name, meant in meanings.items()}
    near = difflib.get_close_matches(_folded(word), folded, n=1, cutoff=0.6)
    return folded[near[0]] if near else ""


def _folded(word: str) -> str:
    """Return a word in small letters without accents, and with narrow signs instead of full-width ones."""
    return "".join(sign for sign in unicodedata.normalize("NFKD", word) if not unicodedata.combining(sign)).lower()


def unknown(kind: str, name: str, valid: Iterable[str], label: str, place: Place | None) -> Problem:
    """Return the Problem that a name of some kind, such as broker, does not exist."""
    return Problem(what=f'no {kind} named "{name}"', remedy=remedy(name, valid, label), place=place)
