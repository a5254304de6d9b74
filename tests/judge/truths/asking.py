"""Draws expectations about a world, and gives them as the lab declares them."""

from __future__ import annotations

from functools import lru_cache
from random import Random

from lab.declare.expectations.base import Expectation
from lab.declare.expectations.messages import Delivered, Duplicates, Ordered
from lab.declare.expectations.times import Finished, Latency, Recovered
from tests.judge.truths.asked_expectation import AskedExpectation
from tests.judge.truths.scene import World, hears

PROMISES = ("at-least-once", "at-least-once", "exactly-once", "exactly-once", "at-most-once", "nothing")
WITHIN = (1, 5, 10)  # seconds
_KINDS: dict[str, type[Expectation]] = {
    "delivered": Delivered, "duplicates": Duplicates, "ordered": Ordered, "latency": Latency,
    "recovered": Recovered, "finished": Finished,
}  # fmt: skip


@lru_cache(maxsize=10_000)
def declared(expectation: AskedExpectation) -> Expectation:
    """Return an expectation as the lab declares it."""
    return _KINDS[expectation.kind].model_validate(expectation.written)


def draw(world: World, dice: Random, number: int) -> list[AskedExpectation]:
    """Return so many expectations about a world, none twice."""
    found: dict[AskedExpectation, None] = {}
    for _ in range(3 * number):
        if len(found) < number:
            found[_expectation(world, dice)] = None
    return list(found)


def _expectation(world: World, dice: Random) -> AskedExpectation:
    kind = dice.choice(
        ("delivered",) * 5 + ("duplicates", "ordered", "latency", "finished") + ("recovered",) * bool(world.cuts)
    )
    clients = list(dict.fromkeys(each.client for each in world.subscriptions))
    sent = [each.destination for each in world.publications]
    heard = [one for one in sent if any(hears(each.destination, one) for each in world.subscriptions)]
    destination = dice.choice(heard) if heard and dice.random() < 0.7 else None
    if dice.random() < 0.95:  # mostly of clients that something was sent to
        of = sent if destination is None else [destination]
        meant = [each.client for each in world.subscriptions if any(hears(each.destination, one) for one in of)]
        clients = list(dict.fromkeys(meant)) or clients
    names = tuple(dice.sample(clients, min(dice.choice((0, 1, 1, 1, 2)), len(clients))))
    if kind == "recovered":
        within = dice.choice(WITHIN)
        return AskedExpectation(
            kind=kind, to=names, destination=destination, after=dice.choice(("cut", "heal")), within=within
        )
    if kind == "finished":
        bound = (dice.choice(("at-most", "at-most", "at-least")), dice.choice((1.0, 5.0, 20.0)))
        return AskedExpectation(kind=kind, to=names, step=dice.choice(world.publications).step, bound=bound)
    if kind == "latency":
        bound = (dice.choice(("max", "p50", "p95", "at-least")), dice.choice((0.01, 0.1, 1.0, 5.0)))
        return AskedExpectation(kind=kind, to=names, bound=bound)
    if kind == "ordered":
        return AskedExpectation(kind=kind, to=names, destination=destination)
    quiet = dice.choice((None, None, 1.0, 10.0))
    if kind == "duplicates":
        return AskedExpectation(
            kind=kind, to=names, destination=destination, at_most=dice.choice((0, 0, 1)), quiet=quiet
        )
    promise = dice.choice(PROMISES)
    if destination is not None and destination.startswith("queue") and promise != "nothing" and dice.random() < 0.4:
        bounds = dice.choice((("1", ""), ("", "2"), ("", "50%"), ("40%", ""), ("1", "60%"), ("25%", "75%")))
        name = dice.choice(names or tuple(clients))
        return AskedExpectation(
            kind=kind, to=names, destination=destination, promise=promise, within=dice.choice(WITHIN),
            shares=((name, *bounds),),
        )  # fmt: skip
    return AskedExpectation(
        kind=kind, to=names, destination=destination, promise=promise, within=dice.choice(WITHIN),
        any=len(names) == 2 and promise != "nothing" and dice.random() < 0.4,
        quiet=quiet if promise in ("exactly-once", "at-most-once") else None,
    )  # fmt: skip
