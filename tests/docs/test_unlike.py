"""What the README says the lab leaves out is left out: whoever adds one of these has a row to change."""

from __future__ import annotations

from lab.declare.topology import Broker, Link, Region, Topology


def keys(model: type[Broker | Link | Region | Topology]) -> set[str]:
    return {field.alias or name for name, field in model.model_fields.items()}


def test_a_topology_has_brokers_that_one_configuration_applies_to() -> None:
    """No revision, no pending change, no maintenance window, no instance type."""
    assert keys(Broker) == {
        "region",
        "deployment-mode",
        "storage-type",
        "address",
        "addresses",
        "broker-id",
        "engine-version",
        "configuration",
        "users",
        "memory",
    }


def test_regions_are_linked_or_not_and_nothing_in_between() -> None:
    """No peering, route table or security group: a link joins two regions, and opens every port between them."""
    assert keys(Topology) == {"topology", "about", "sanitising", "regions", "brokers", "links"}
    assert keys(Region) == {"aws-region", "vpc"}
    assert keys(Link) == {"between", "link"}
