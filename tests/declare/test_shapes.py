"""The files of a shape are ones that a person might have written: nothing is wrong, and messages arrive."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from lab.check.advice import advise
from lab.check.scenario import check
from lab.declare.loading import load
from lab.declare.scenario import Scenario
from lab.declare.shape_quotas import quota_warnings
from lab.declare.shapes import SHAPES, generate
from lab.declare.topology import MOST_BROKERS
from lab.errors import InputError
from lab.network.regions import REGIONS
from lab.plan.routing import Arrival, routing_table

CODES = [code for code, region in REGIONS.items() if region.latitude is not None]


def written(folder: Path, shape: str, count: int) -> Scenario:
    for name, text in generate(shape, CODES[:count], "its-own").items():
        (folder / name).write_text(text)
    return load(folder / "topology.yaml", environment={})


@pytest.mark.parametrize("count", [3, 4, 7])
@pytest.mark.parametrize("shape", SHAPES)
def test_nothing_is_wrong_with_a_shape_and_everybody_reaches_whom_it_joins(
    tmp_path: Path, shape: str, count: int
) -> None:
    scenario = written(tmp_path, shape, count)
    assert scenario.is_topology
    assert check(scenario) == ()
    first = next(iter(scenario.topology.brokers))
    for route in routing_table(scenario.topology):
        expected = shape != "concentrator" or route.target == first
        assert (route.arrival is Arrival.ALWAYS) is expected, route
        assert route.copies == int(expected)


@pytest.mark.parametrize("shape", [name for name in SHAPES if name != "concentrator"])
def test_nothing_is_advised_of_a_shape(tmp_path: Path, shape: str) -> None:
    assert advise(written(tmp_path, shape, 4).topology) == ()


def test_a_region_that_is_named_twice_has_two_vpcs() -> None:
    text = generate("hub", ["eu-west-1", "us-east-1", "eu-west-1"], "twice")["topology.yaml"]
    assert "ireland:" in text
    assert "ireland-2:" in text
    assert "{between: [ireland, ireland-2], link: aws}" in text


def test_what_quotas_forbid_is_refused_with_how_many_there_may_be(tmp_path: Path) -> None:
    generate("mesh", many(21), "most")
    generate("hub", many(126), "most")
    for shape, count, why, most in (
        ("mesh", 25, "a configuration would have 24 network connectors, and Amazon MQ takes 20", 21),
        ("hub", 500, "a VPC would have 499 peerings, and AWS takes 125", 126),
    ):
        with pytest.raises(InputError) as raised:
            generate(shape, many(count), "too-many")
        (problem,) = raised.value.problems
        assert problem.what == f"a {shape} of {count} regions: {why}"
        assert problem.remedy == f"name at most {most}, or choose another shape"


def test_what_aws_has_to_be_asked_for_is_said() -> None:
    assert list(quota_warnings(SHAPES["mesh"].joins, many(8))) == []
    assert list(quota_warnings(SHAPES["chain"].joins, ["eu-west-1"] * 6)) == [
        "eu-west-1 has 6 VPCs: AWS takes 5 in a region, and more on request"
    ]
    assert next(quota_warnings(SHAPES["hub"].joins, many(52))) == (
        "a VPC has 51 peerings: AWS takes 50 of a VPC, and up to 125 on request"
    )


def test_the_same_is_advised_of_a_topology(tmp_path: Path) -> None:
    codes = [CODES[number % 9] for number in range(52)]
    for name, text in generate("hub", codes, "its-own").items():
        (tmp_path / name).write_text(text)
    scenario = load(tmp_path / "topology.yaml", environment={})
    found = [
        f"{each.what}: {each.remedy}"
        for each in advise(scenario.topology, scenario.origin)
        if "AWS takes" in each.remedy
    ]
    asked = list(quota_warnings(SHAPES["hub"].joins, codes))
    first = next(iter(scenario.topology.regions))
    assert found == [each.replace("a VPC has", f"the VPC of {first} has") for each in asked]
    assert found[0] == f"the VPC of {first} has 51 peerings: AWS takes 50 of a VPC, and up to 125 on request"
    assert found[1] == f"{codes[0]} has 6 VPCs: AWS takes 5 in a region, and more on request"


def many(count: int) -> list[str]:
    return [CODES[number % len(CODES)] for number in range(count)]


def test_nothing_is_wrong_with_as_many_brokers_as_there_may_be(tmp_path: Path) -> None:
    for name, text in generate("chain", many(MOST_BROKERS), "long").items():
        (tmp_path / name).write_text(text)
    scenario = load(tmp_path / "topology.yaml", environment={})
    assert len(scenario.topology.brokers) == 500
    assert check(scenario) == ()


def test_more_brokers_are_refused_at_the_first_of_them(tmp_path: Path) -> None:
    path = tmp_path / "topology.yaml"
    brokers = "".join(f"  b{n}: {{region: here, users: {{u: {{password: generated}}}}}}\n" for n in range(501))
    path.write_text(
        f"topology: many\nregions:\n  here: {{aws-region: eu-west-1, vpc: 10.1.0.0/16}}\nbrokers:\n{brokers}"
    )
    with pytest.raises(InputError) as raised:
        load(path, environment={})
    assert [str(each) for each in raised.value.problems] == [
        f"{path}:5:3: there are too many here\n  write at most 500"
    ]


@pytest.mark.parametrize(
    ("shape", "regions", "message"),
    [
        ("ring", ["eu-west-1", "us-east-1"], "a ring of 2 regions"),
        ("mesh", ["eu-west-1"], "a mesh of 1 regions"),
        ("mesh", ["eu-west-1", "eu-wst-1"], "no AWS region"),
    ],
)
def test_what_is_no_shape_is_refused(shape: str, regions: list[str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        generate(shape, regions, "none")


def test_an_engine_version_is_that_of_every_broker() -> None:
    written = yaml.safe_load(generate("chain", ["eu-west-1", "us-east-1"], "chain", "5.19")["topology.yaml"])
    assert [each["engine-version"] for each in written["brokers"].values()] == ["5.19", "5.19"]
    assert "engine-version" not in generate("chain", ["eu-west-1", "us-east-1"], "chain")["topology.yaml"]
    with pytest.raises(InputError, match=r"the lab has no ActiveMQ 5\.16 of its own"):
        generate("chain", ["eu-west-1", "us-east-1"], "chain", "5.16")
