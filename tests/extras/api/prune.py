"""Prune botocore's service models to the served operations: `python -m tests.extras.api.prune` writes them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import botocore
from botocore.loaders import Loader

FILE = Path(__file__).parents[3] / "lab" / "extras" / "api" / "models.json"
SERVICES = ("mq", "ec2", "sts")
EC2 = """
CreateVpc DescribeVpcs DeleteVpc DescribeVpcAttribute ModifyVpcAttribute
CreateSubnet DescribeSubnets DeleteSubnet ModifySubnetAttribute
CreateVpcPeeringConnection AcceptVpcPeeringConnection RejectVpcPeeringConnection DescribeVpcPeeringConnections
DeleteVpcPeeringConnection ModifyVpcPeeringConnectionOptions
CreateRouteTable DescribeRouteTables DeleteRouteTable AssociateRouteTable DisassociateRouteTable
ReplaceRouteTableAssociation CreateRoute ReplaceRoute DeleteRoute
CreateSecurityGroup DescribeSecurityGroups DeleteSecurityGroup DescribeSecurityGroupRules
AuthorizeSecurityGroupIngress AuthorizeSecurityGroupEgress RevokeSecurityGroupIngress RevokeSecurityGroupEgress
ModifySecurityGroupRules
CreateInternetGateway AttachInternetGateway DetachInternetGateway DeleteInternetGateway DescribeInternetGateways
CreateTags DeleteTags DescribeTags
DescribeAvailabilityZones DescribeRegions DescribeAccountAttributes DescribeNetworkInterfaces DescribeNetworkAcls
"""
OPERATIONS: Mapping[str, tuple[str, ...] | None] = {  # None: all
    "mq": None,
    "ec2": tuple(EC2.split()),
    "sts": ("GetCallerIdentity",),
}
TRAITS = """
type members member key value required enum min max
locationName queryName location flattened timestampFormat shape
"""
KEPT = frozenset(TRAITS.split())
METADATA = ("apiVersion", "protocol", "serviceId", "signingName", "endpointPrefix", "xmlNamespace")


def document() -> dict[str, Any]:
    """Return the file's content, from the installed botocore."""
    loader = Loader()
    return {
        "botocore": botocore.__version__,
        "models": {
            service: pruned(loader.load_service_model(service, "service-2"), OPERATIONS[service])
            for service in SERVICES
        },
        "services": services(loader),
    }


def pruned(model: Mapping[str, Any], names: tuple[str, ...] | None) -> dict[str, Any]:
    """Return a model with some operations and the shapes that they need, without documentation."""
    operations = {
        name: {
            key: model["operations"][name][key]
            for key in ("http", "input", "output")
            if key in model["operations"][name]
        }
        for name in (model["operations"] if names is None else names)
    }
    for operation in operations.values():
        for key in ("input", "output"):
            if key in operation:
                operation[key] = {"shape": operation[key]["shape"]}
    shapes: dict[str, Any] = {}
    waiting = [
        operation[key]["shape"] for operation in operations.values() for key in ("input", "output") if key in operation
    ]
    while waiting:
        name = waiting.pop()
        if name not in shapes:
            shapes[name] = bare(model["shapes"][name])
            waiting += references(shapes[name])
    return {
        "metadata": {key: model["metadata"][key] for key in METADATA if key in model["metadata"]},
        "operations": dict(sorted(operations.items())),
        "shapes": dict(sorted(shapes.items())),
    }


def bare(traits: Any) -> Any:
    """Return the traits of a shape without documentation."""
    kept = {key: trait for key, trait in traits.items() if key in KEPT}
    if "members" in kept:
        kept["members"] = {name: bare(reference) for name, reference in kept["members"].items()}
    for key in ("member", "key", "value"):
        if key in kept:
            kept[key] = bare(kept[key])
    return kept


def references(traits: Mapping[str, Any]) -> Iterator[str]:
    """Yield the names of the shapes that a shape refers to."""
    yield from (reference["shape"] for reference in traits.get("members", {}).values())
    yield from (traits[key]["shape"] for key in ("member", "key", "value") if key in traits)


def services(loader: Loader) -> dict[str, list[str]]:
    """Return the endings of AWS_ENDPOINT_URL_… by the name in signatures, of every service that is not served."""
    endings: dict[str, set[str]] = {}
    for name in loader.list_available_services("service-2"):
        metadata = loader.load_service_model(name, "service-2")["metadata"]
        signed = metadata.get("signingName", metadata["endpointPrefix"])
        endings.setdefault(signed, set()).add(metadata["serviceId"].replace(" ", "_").replace("-", "_").upper())
    return {name: sorted(texts) for name, texts in sorted(endings.items()) if name not in SERVICES}


if __name__ == "__main__":
    FILE.write_text(json.dumps(document(), separators=(",", ":")).replace('},"', '},\n"') + "\n", encoding="utf-8")
