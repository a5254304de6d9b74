"""Makes a world smaller as long as a verdict on it stays as wrong as it was, for people who look at it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.judge.truths.asked_expectation import AskedExpectation
from tests.judge.truths.comparing import Compared, compared
from tests.judge.truths.scene import World


def smallest(world: World, expectation: AskedExpectation) -> Compared:
    """Leave out of a world what the wrong verdict does not need; return the comparison that is left."""
    (found,) = compared(world, [expectation])
    going = True
    while going and not found.right:
        going = False
        for things, each in list(_parts(world)):
            if each not in things or (things is world.subscriptions and each.client in expectation.to):
                continue
            place = things.index(each)
            del things[place]
            gone = [] if things is not world.publications else _forget(world, each)
            (now,) = compared(world, [expectation])
            if not now.right and now.outcome == found.outcome and now.word == found.word:
                found, going = now, True
                continue
            things.insert(place, each)
            for arrivals, before in gone:
                arrivals[:] = before
    return found


def _forget(world: World, publication: Any) -> list[tuple[list[Any], list[Any]]]:
    """Take the arrivals of a publication out; return each list with all that was in it."""
    gone = []
    for its in world.subscriptions:
        gone.append((its.arrivals, list(its.arrivals)))
        its.arrivals[:] = [each for each in its.arrivals if each.message.publication is not publication]
    return gone


def _parts(world: World) -> Iterator[tuple[list[Any], Any]]:
    """Yield each list of things that may be left out, with one of them."""
    for things in (world.publications, world.subscriptions, world.cuts):
        yield from ((things, each) for each in list(things))
    for its in world.subscriptions:
        yield from ((its.arrivals, each) for each in list(its.arrivals))
