"""A Plan as plain text for people: `mqlab plan` prints it, and tests compare it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lab.activemq.protocols import ENDPOINTS, OPENWIRE
from lab.base import units
from lab.base.columns import columns
from lab.network.link import impairment_text
from lab.network.reach import reach
from lab.plan.values import BridgePlan, BrokerPlan, InstancePlan, LinkPlan, Plan


def describe(plan: Plan) -> str:
    """Return the Plan as tables: regions, brokers, links, bridges, and the actions in their order."""
    lines = [f"{plan.topology}, seed {plan.seed}"]
    lines += table(
        "regions",
        ("name", "AWS region", "city", "VPC"),
        [(region.name, region.aws_region, region.city, str(region.vpc)) for region in plan.regions],
    )
    lines += table(
        "brokers",
        ("name", "region", "address", "engine", "ActiveMQ", "memory", "heap", "users", "host name"),
        [
            (
                its.name,
                broker.region,
                str(its.address),
                broker.engine_version,
                broker.activemq_version,
                units.format_size(broker.memory),
                units.format_size(broker.heap),
                ", ".join(broker.users),
                its.host_name,
            )
            for broker in plan.brokers
            for its in broker.instances
        ],
    )
    lines += [f"  {each.name}: {_pair(each)}" for each in plan.brokers if len(each.instances) > 1]
    lines.append(f"  together {units.format_size(plan.memory)} of memory at most")
    if any(its.ports for broker in plan.brokers for its in broker.instances):
        rows = [(its.name, *_ports(its)) for broker in plan.brokers for its in broker.instances]
        lines += table("ports of 127.0.0.1", ("broker", *(each.name for each in ENDPOINTS)), rows)
    if plan.hosts:
        rows = [(its.name, its.region, str(its.address), ", ".join(its.security_groups)) for its in plan.hosts]
        lines += table("hosts", ("host", "region", "address", "security groups"), rows)
    lines += table("links", ("from", "to", "one way"), [row for link in plan.links for row in _directions(link)])
    lines += [f"  {link.name}: {link.source}" for link in plan.links]
    lines += _network(plan)
    lines += table(
        "bridges",
        ("connector", "from", "", "to", "user"),
        [(each.connector, each.initiator, _arrow(each), each.responder, each.user) for each in plan.bridges],
    )
    lines += ["", "actions"]
    width = len(str(len(plan.actions)))
    lines += [f"  {number:{width}}. {each.does} {each.to}" for number, each in enumerate(plan.actions, 1)]
    return "\n".join(lines) + "\n"


def _pair(broker: BrokerPlan) -> str:
    first, second = (its.name for its in broker.instances)
    return f"{broker.deployment_mode}, {first} and {second} on one store, {first} active at first"


def _ports(instance: InstancePlan) -> tuple[str, ...]:
    return tuple(str(instance.ports.get(each.name, "free")) for each in ENDPOINTS)


def _directions(link: LinkPlan) -> Iterator[tuple[str, str, str]]:
    for direction in link.directions:
        yield direction.leaving, direction.reaching, impairment_text(direction.impairment)


def _network(plan: Plan) -> list[str]:
    """Return the peerings and which broker reaches which, unless all brokers joined by links reach each other."""
    network, port = plan.network, OPENWIRE.port
    answers = [
        (source.name, target.name, reach(network, source.name, target.name, port))
        for source in network.interfaces
        for target in network.interfaces
        if target.broker and frozenset((source.vpc, target.vpc)) in network.linked
    ]
    if all(found.yes for _, _, found in answers):
        return []
    peerings = [(each.name, each.id, each.requester, each.accepter, str(each.state)) for each in network.peerings]
    rows = [(source, target, "open" if found.yes else found.reason) for source, target, found in answers]
    return [
        *table("peerings", ("name", "id", "requester", "accepter", "state"), peerings),
        *table(f"who reaches port {port}", ("from", "of", "answer"), rows),
    ]


def _arrow(bridge: BridgePlan) -> str:
    return "<->" if bridge.duplex else "-->"


def table(title: str, head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Return the lines of a titled table with aligned columns."""
    if not rows:
        return ["", title, "  none"]
    return ["", title, *columns((head, *rows), before="  ")]
