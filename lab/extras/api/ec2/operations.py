"""The table of EC2's operations."""

from __future__ import annotations

from collections.abc import Mapping

from lab.extras.api.ec2 import (
    gateways,
    interfaces,
    network_acls,
    peerings,
    places,
    route_tables,
    routes,
    security_group_rules,
    security_groups,
    subnets,
    tags,
    vpcs,
)
from lab.extras.api.handler import Handler

OPERATIONS: Mapping[str, Handler] = {
    **vpcs.OPERATIONS,
    **subnets.OPERATIONS,
    **peerings.OPERATIONS,
    **route_tables.OPERATIONS,
    **routes.OPERATIONS,
    **security_groups.OPERATIONS,
    **security_group_rules.OPERATIONS,
    **gateways.OPERATIONS,
    **tags.OPERATIONS,
    **interfaces.OPERATIONS,
    **network_acls.OPERATIONS,
    **places.OPERATIONS,
}
