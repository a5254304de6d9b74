"""What docs/amazon-mq.md says the lab leaves out is left out: whoever adds one of these has a row to change."""

from __future__ import annotations

import ast
import tomllib
from pathlib import Path

from lab.declare.topology import Broker, Link, Region
from lab.declare.vpc import Peering, Route

from .pages import ROOT, rows, sections


def keys(model: type[Broker | Link | Region | Route | Peering]) -> set[str]:
    return {field.alias or name for name, field in model.model_fields.items()}


def test_a_topology_has_brokers_that_configurations_apply_to() -> None:
    """No instance type; whatever the service is asked to do is a step, and no request to an API."""
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
        "user",
        "memory",
        "ports",
        "public",
        "security-groups",
        "later",
    }


def test_a_region_has_one_vpc_of_one_block() -> None:
    """No second block, no gateway, no endpoint, no network ACL: a VPC has subnets, route tables and security groups."""
    assert keys(Region) == {"aws-region", "vpc", "subnets"}
    assert keys(Route) == {"destination", "peering"}
    assert keys(Peering) == {"requester", "accepter", "state", "age"}
    assert keys(Link) == {"between", "link"}


def test_what_is_assumed_is_listed_on_one_page() -> None:
    lists = [each.name for each in (ROOT / "docs").glob("*.md") if "## What is assumed" in each.read_text("utf-8")]
    assert lists == ["amazon-mq.md"]
    assert len(rows(sections(ROOT / "docs" / "amazon-mq.md")["What is assumed"])) >= 10


def test_every_row_has_a_test_that_shows_it() -> None:
    shown = tomllib.loads((Path(__file__).parent / "amazon_mq.toml").read_text("utf-8"))
    page = sections(ROOT / "docs" / "amazon-mq.md")
    assert [cells[0] for heading in ("Alike", "Different") for cells in rows(page[heading])] == list(shown)
    for part, tests in shown.items():
        assert tests, part
        for test in tests:
            file, _, name = test.partition("::")
            tree = ast.parse((ROOT / file).read_text("utf-8"))
            assert name in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}, test
