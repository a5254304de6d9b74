"""The published schemas take what loading takes, and refuse what it refuses by shape."""

from __future__ import annotations

from pathlib import Path

import jsonschema
import pytest

from lab.declare.loading import load
from lab.declare.schema import scenario_schema, topology_schema
from lab.declare.yaml_reading import read
from lab.errors import InputError

SCENARIO, TOPOLOGY = (jsonschema.Draft202012Validator(schema()) for schema in (scenario_schema, topology_schema))
SHIPPED = Path(__file__).parents[2] / "scenarios"
BAD = Path(__file__).parents[1] / "check" / "bad"
BY_SHAPE = (
    "missing-key", "missing-topology", "unknown-key", "unknown-verb", "unknown-expectation", "two-verbs-in-one-step",
    "no-unit", "wrong-unit", "mapping-for-a-text", "text-for-a-mapping", "text-for-a-list", "bad-name",
    "neither-yes-nor-no",
    "one-region-in-a-link", "unknown-preset", "wait-with-fields", "configuration-inline", "a-text-alone",
    "wrong-inside", "rate-wrong-unit", "at-without-unit",
)  # fmt: skip


def content(path: Path) -> object:
    return read(path.read_text(), path.name).content


@pytest.mark.parametrize("validator", [SCENARIO, TOPOLOGY], ids=["scenario", "topology"])
def test_schema_is_one(validator: jsonschema.Draft202012Validator) -> None:
    validator.check_schema(validator.schema)


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.yaml")), ids=lambda path: path.stem)
def test_shipped_scenario_fits(path: Path) -> None:
    SCENARIO.validate(content(path))


STORIES = Path(__file__).parents[1] / "replay" / "stories"


@pytest.mark.parametrize("path", sorted(STORIES.glob("*.yaml")), ids=lambda path: path.stem)
def test_story_fits(path: Path) -> None:
    SCENARIO.validate(content(path))


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("topologies/*.yaml")), ids=lambda path: path.stem)
def test_shipped_topology_fits(path: Path) -> None:
    TOPOLOGY.validate(content(path))


@pytest.mark.parametrize("name", BY_SHAPE)
def test_bad_shape_does_not_fit(name: str) -> None:
    assert not SCENARIO.is_valid(content(BAD / f"{name}.yaml"))


def test_a_scenario_that_judges_applications_needs_no_steps(tmp_path: Path) -> None:
    path = tmp_path / "billed.yaml"
    shop = "clients:\n  shop: {client-id: shop, broker: tokyo}\n"
    topology = SHIPPED / "topologies" / "tokyo-singapore.yaml"
    path.write_text(f"scenario: orders are billed\ntopology: {topology}\n{shop}")
    SCENARIO.validate(content(path))
    assert load(path, environment={}).steps == ()
    path.write_text(f"scenario: orders are billed\ntopology: {topology}\n")
    assert not SCENARIO.is_valid(content(path))
    with pytest.raises(InputError, match="the scenario has no steps"):
        load(path, environment={})
