"""Chance in a simulation: one generator for each named source, so that a new source moves no other."""

from __future__ import annotations

import random


def generator(seed: int, name: str) -> random.Random:
    """Return the generator of a source of chance, such as `link tokyo-singapore leaving tokyo`.

    Seeding by a text depends on no PYTHONHASHSEED.
    """
    return random.Random(f"{seed} {name}")


def fixed(name: str) -> random.Random:
    """Return the generator of what is arbitrary and no chance, such as a port's number: every seed has the same."""
    return random.Random(name)
