"""The patterns of observed destinations: a pattern that would observe nothing is refused, with the right one."""

from __future__ import annotations

import re

import pytest
from pydantic import TypeAdapter, ValidationError

from lab.declare.topology import Observed

READ = TypeAdapter(Observed)


@pytest.mark.parametrize("pattern", ["orders", "orders.>", "*.eu.>", ">", "queue:orders.*", "topic:>", "orders.>.>"])
def test_a_pattern_is_accepted(pattern: str) -> None:
    assert READ.validate_python([pattern]) == (pattern,)


@pytest.mark.parametrize(
    ("pattern", "right"),
    [
        ("orders.>.x", "orders.>"),
        ("queue:orders.>.x", "queue:orders.>"),
        (">orders", "orders.>"),
        ("orders>", "orders.>"),
        (">.orders", ">"),
        ("orders.eu*", "orders.*"),
        ("queue://orders", "queue:orders"),
        ("/topic/prices.>", "topic:prices.>"),
        ("orders.#", "orders.>"),
        ("queue:orders#", "queue:orders.>"),
        ("orders*", "orders.*"),
    ],
)
def test_another_pattern_is_refused_with_the_right_one(pattern: str, right: str) -> None:
    with pytest.raises(ValidationError, match=rf"write {re.escape(right)}(\s|$)"):
        READ.validate_python([pattern])
