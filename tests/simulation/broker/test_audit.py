"""Which messages were seen before, whether their numbers are a range or not."""

from __future__ import annotations

from collections import OrderedDict
from random import Random

import pytest

from lab.simulation.broker.audit import Audit
from lab.simulation.broker.message import Message


def message(id: str) -> Message:
    return Message(id, "queue://q", b"", {}, True)


class Plain:
    """The same, with each id kept as it is."""

    def __init__(self, depth: int, producers: int) -> None:
        self._depth, self._producers = depth, producers
        self._known: OrderedDict[str, OrderedDict[str, None]] = OrderedDict()

    def is_new(self, id: str) -> bool:
        known = self._known.setdefault(id.rpartition(":")[0], OrderedDict())
        if len(self._known) > self._producers:
            self._known.popitem(last=False)
        new = id not in known
        known[id] = None
        if len(known) > self._depth:
            known.popitem(last=False)
        return new

    def forget(self, id: str) -> None:
        self._known.get(id.rpartition(":")[0], OrderedDict()).pop(id, None)


@pytest.mark.parametrize("disorder", [0.0, 0.02, 0.5])
def test_it_knows_what_one_knows_that_keeps_every_id(disorder: float) -> None:
    for seed in range(100):
        dice = Random(seed)
        depth, producers = dice.choice([1, 2, 5, 40]), dice.choice([1, 3])
        audit, plain, numbers = Audit(depth, producers), Plain(depth, producers), [1, 1, 9, 10]
        for _ in range(100):
            who = dice.randrange(producers + 1)
            if dice.random() < disorder:
                name = f"P{who}:{dice.choice(['007', 'x', '', '٣', *range(20)])}"
            else:
                name = f"P{who}:{numbers[who]}"
                numbers[who] += 1
            assert audit.is_new(message(name)) == plain.is_new(name)
            if dice.random() < 0.5:
                back = numbers[who] - dice.choice([0, 1, 1, 2] if dice.random() < disorder else [1])
                audit.forget(message(f"P{who}:{back}"))
                plain.forget(f"P{who}:{back}")


def test_messages_that_are_forwarded_in_their_order_leave_no_trace() -> None:
    audit = Audit()
    for number in range(100):
        its = message(f"P:{number}")
        assert audit.is_new(its) and not audit.is_new(its)
        audit.forget(its)
    assert audit.is_new(message("P:99"))
