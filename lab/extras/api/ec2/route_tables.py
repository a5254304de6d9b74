"""Route tables and their associations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from lab.extras.api.call import Call
from lab.extras.api.ec2.ec2_records import Ec2Records, added, removed
from lab.extras.api.ec2.filters import ABSENT, chosen, fitting
from lab.extras.api.ec2.handling import Answer, Request, change, new_id, required, takes
from lab.extras.api.ec2.lookups import subnet_in, table_in, tables_in, vpc_in
from lab.extras.api.ec2.tags import requested_tags, tagged, tags_of, untagged
from lab.extras.api.handler import Handler
from lab.extras.api.refused import ApiRefused
from lab.extras.api.served_account import ServedAccount
from lab.network import route_tables
from lab.network.describe import route_state
from lab.network.vpc import Network, RouteTable

_ASSOCIATED = {"State": "associated"}
_FILTERS = {
    "association.gateway-id": ABSENT,
    "association.main": "Associations.Main",
    "association.route-table-association-id": "Associations.RouteTableAssociationId",
    "association.route-table-id": "Associations.RouteTableId",
    "association.subnet-id": "Associations.SubnetId",
    "owner-id": "OwnerId",
    "route-table-id": "RouteTableId",
    "route.destination-cidr-block": "Routes.DestinationCidrBlock",
    "route.destination-ipv6-cidr-block": ABSENT,
    "route.destination-prefix-list-id": ABSENT,
    "route.egress-only-internet-gateway-id": ABSENT,
    "route.gateway-id": "Routes.GatewayId",
    "route.instance-id": ABSENT,
    "route.nat-gateway-id": ABSENT,
    "route.origin": "Routes.Origin",
    "route.state": "Routes.State",
    "route.transit-gateway-id": ABSENT,
    "route.vpc-peering-connection-id": "Routes.VpcPeeringConnectionId",
    "vpc-id": "VpcId",
}


@takes("ClientToken", "TagSpecifications", "VpcId")
def create_route_table(account: ServedAccount, call: Call, request: Request) -> Answer:
    """Create a route table; the same client token gives the same table."""
    vpc, tags = vpc_in(account, call, required(request, "VpcId")), requested_tags(request, "route-table")
    token = request.get("ClientToken") or ""
    earlier = account.records.ec2.tokens.get(f"{call.region} {token}", "") if token else ""
    known = {each.name: each for each in account.control.network.route_tables}
    if earlier in known:
        if known[earlier].vpc != vpc.name:
            raise ApiRefused("IdempotentParameterMismatch", f"The client token {token} was used for another VPC.")
        return {"RouteTable": answer(account, call, known[earlier]), "ClientToken": token}
    name = new_id("rtb")

    def made(network: Network, ec2: Ec2Records) -> tuple[Network, Ec2Records]:
        network = route_tables.create(network, name=name, vpc=vpc.name)
        if token:
            ec2 = replace(ec2, tokens=added(ec2.tokens, f"{call.region} {token}", name))
        return network, tagged(ec2, call.region, name, tags)

    change(account, made)
    told = {"ClientToken": token} if token else {}
    return {"RouteTable": answer(account, call, account.control.network.route_table(name)), **told}


@takes("Filters", "RouteTableIds")
def describe_route_tables(account: ServedAccount, call: Call, request: Request) -> Answer:
    """Describe the route tables of a region."""
    rows = [answer(account, call, each) for each in tables_in(account, call)]
    code = "InvalidRouteTableID.NotFound"
    listed = chosen(rows, request.get("RouteTableIds"), "RouteTableId", code, "routeTable")
    return {"RouteTables": fitting(listed, request, _FILTERS)}


@takes("RouteTableId")
def delete_route_table(account: ServedAccount, call: Call, request: Request) -> Answer:
    """Delete a route table that is not the main one and that no subnet is associated with."""
    table = table_in(account, call, required(request, "RouteTableId"))

    def gone(network: Network, ec2: Ec2Records) -> tuple[Network, Ec2Records]:
        after = route_tables.delete(network, table.name)
        tokens = {token: name for token, name in ec2.tokens.items() if name != table.name}
        ec2 = replace(ec2, gateway_routes=removed(ec2.gateway_routes, table.name), tokens=tokens)
        return after, untagged(ec2, call.region, [table.name])

    change(account, gone)
    return {}


@takes("RouteTableId", "SubnetId")
def associate_route_table(account: ServedAccount, call: Call, request: Request) -> Answer:
    """Associate a route table with a subnet."""
    table = table_in(account, call, required(request, "RouteTableId")).name
    subnet = subnet_in(account, call, required(request, "SubnetId"))
    if subnet.association and subnet.route_table == table:
        return {"AssociationId": subnet.association, "AssociationState": _ASSOCIATED}
    association = new_id("rtbassoc")

    def joined(network: Network, ec2: Ec2Records) -> tuple[Network, Ec2Records]:
        return route_tables.associate(network, association=association, table=table, subnet=subnet.name), ec2

    change(account, joined)
    return {"AssociationId": association, "AssociationState": _ASSOCIATED}


@takes("AssociationId")
def disassociate_route_table(account: ServedAccount, call: Call, request: Request) -> Answer:
    """End an association; the subnet follows the main route table then."""
    association = _association_in(account, call, required(request, "AssociationId"))
    change(account, lambda network, ec2: (route_tables.disassociate(network, association), ec2))
    return {}


@takes("AssociationId", "RouteTableId")
def replace_route_table_association(account: ServedAccount, call: Call, request: Request) -> Answer:
    """Replace the route table of an association, which gets a new id; of the main table's, the table becomes main."""
    association = _association_in(account, call, required(request, "AssociationId"))
    table, new = table_in(account, call, required(request, "RouteTableId")).name, new_id("rtbassoc")

    def replaced(network: Network, ec2: Ec2Records) -> tuple[Network, Ec2Records]:
        return route_tables.replace_association(network, association, new=new, table=table), ec2

    change(account, replaced)
    return {"NewAssociationId": new, "AssociationState": _ASSOCIATED}


def answer(account: ServedAccount, call: Call, table: RouteTable) -> Answer:
    """Return a route table as answers have it: the local route is the first."""
    network, ec2 = account.control.network, account.records.ec2
    local = [
        {"DestinationCidrBlock": str(cidr), "GatewayId": "local", "Origin": "CreateRouteTable", "State": "active"}
        for cidr in network.vpc(table.vpc).cidrs
    ]
    peered = [
        {
            "DestinationCidrBlock": str(route.destination),
            "VpcPeeringConnectionId": route.peering,
            "Origin": "CreateRoute",
            "State": route_state(network, route.peering),
        }
        for route in table.routes
    ]
    outside = [
        {
            "DestinationCidrBlock": destination,
            "GatewayId": gateway,
            "Origin": "CreateRoute",
            "State": "active" if gateway in ec2.gateways and ec2.gateways[gateway].vpc == table.vpc else "blackhole",
        }
        for destination, gateway in ec2.gateway_routes.get(table.name, {}).items()
    ]
    main = [{"RouteTableAssociationId": table.main, "RouteTableId": table.name, "Main": True}] if table.main else []
    explicit = [
        {
            "RouteTableAssociationId": each.association,
            "RouteTableId": table.name,
            "SubnetId": each.name,
            "Main": False,
        }
        for each in network.subnets
        if each.association and each.route_table == table.name
    ]
    return {
        "RouteTableId": table.name,
        "VpcId": table.vpc,
        "OwnerId": call.account_id,
        "Routes": [*local, *peered, *outside],
        "Associations": [{**each, "AssociationState": _ASSOCIATED} for each in (*main, *explicit)],
        "PropagatingVgws": [],
        "Tags": tags_of(ec2, call.region, table.name),
    }


def _association_in(account: ServedAccount, call: Call, association: str) -> str:
    """Return an association of the call's region, or refuse its id."""
    for table in tables_in(account, call):
        if association == table.main:
            return association
    for subnet in account.control.network.subnets:
        if association == subnet.association:
            subnet_in(account, call, subnet.name)
            return association
    raise ApiRefused("InvalidAssociationID.NotFound", f"The association ID '{association}' does not exist")


OPERATIONS: Mapping[str, Handler] = {
    "CreateRouteTable": create_route_table,
    "DescribeRouteTables": describe_route_tables,
    "DeleteRouteTable": delete_route_table,
    "AssociateRouteTable": associate_route_table,
    "DisassociateRouteTable": disassociate_route_table,
    "ReplaceRouteTableAssociation": replace_route_table_association,
}
