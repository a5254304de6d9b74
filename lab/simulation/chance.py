"""Chance in a simulation: one generator for each named source, so that a new source moves no other."""

from __future__ import annotations

import random


def generator(seed: int, name: str) -> random.Random:
    """Return the generator of a source of chance, such as `timers of TCP`. A link draws in `lab.link.direction`.

    Seeding by a text depends on no PYTHONHASHSEED.
    """
    return random.Random(f"{seed} {name}")


def fixed(name: str) -> random.Random:
    """Return the generator of arbitrary values, such as a port's number: they are the same at every seed."""
    return random.Random(name)
