"""Quantities with bounds: a quantity alone, or a mapping; each is written back as a file may have it."""

from __future__ import annotations

from typing import Any

import pytest

from lab.declare.between import Amount, Between, Bounds, Portion
from lab.declare.expectations.times import Factor
from lab.declare.schema import scenario_schema


@pytest.mark.parametrize(
    ("kind", "text", "written", "words"),
    [
        (Amount, "10", 10, "10"),
        (Amount, {"at-least": "1"}, {"at-least": 1}, "at least 1"),
        (Amount, {"at-least": "0", "at-most": "20"}, {"at-least": 0, "at-most": 20}, "0 to 20"),
        (Portion, "40%", "40%", "40%"),
        (Portion, {"at-least": "1", "at-most": "100%"}, {"at-least": 1, "at-most": "100%"}, "1 to 100%"),
        (Bounds, "1s", "1s", "at most 1s"),
        (Bounds, {"at-least": "1s", "at-most": "1s"}, {"at-least": "1s", "at-most": "1s"}, "1s"),
        (Factor, "1.5", "1.5", "at most 1.5"),
        (Factor, {"at-least": "0.5"}, {"at-least": "0.5"}, "at least 0.5"),
    ],
)
def test_a_quantity_is_read_and_written_back(kind: type[Between], text: Any, written: Any, words: str) -> None:
    bounds = kind.model_validate(text)
    assert (bounds.model_dump(mode="json", by_alias=True), bounds.words) == (written, words)
    assert kind.model_validate(written if isinstance(written, dict) else str(written)) == bounds


def test_the_schema_has_a_quantity_alone_and_a_mapping_with_a_bound() -> None:
    definitions = scenario_schema()["$defs"]
    for kind in (Amount, Portion, Bounds, Factor):
        alone, mapping = definitions[kind.__name__]["oneOf"]
        at_most = mapping["properties"]["at-most"]
        assert {"description", *alone} == {*at_most} and alone.items() <= at_most.items()
        assert mapping["minProperties"] == 1
