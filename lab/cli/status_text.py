"""The text and the JSON of a living lab: its endpoints, and its status."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.markup import escape

from lab.activemq.protocols import ENDPOINTS
from lab.amazonmq.account.account import Account
from lab.amazonmq.account.account_json import describe_broker
from lab.base.columns import columns
from lab.cli.broker import record_lines
from lab.cli.vpc import brokers_in, peering_line
from lab.history import Observation
from lab.network.describe import describe_peering, describe_security_group
from lab.network.vpc import Network
from lab.plan.values import BrokerPlan, InstancePlan
from lab.runtime.runtime import Lost
from lab.runtime.state_file import StateFile
from lab.runtime.status import ABSENT, BrokerStatus, Reached, Status, Whereabouts


def endpoints(note: StateFile, where: Whereabouts) -> dict[str, Any]:
    """Return a lab's endpoints, users and addresses as JSON-able values."""
    return {
        "run": note.run,
        "scenario": note.scenario,
        "ca_file": where.ca_file,
        **({"no_own_addresses": where.no_own_addresses} if where.no_own_addresses else {}),
        "brokers": {
            plan.name: {
                "region": plan.region,
                **_instance(plan.instances[0], where.reached_at, where.brokers[plan.name][0]),
                "users": list(plan.users),
                "console_users": list(plan.console_users),
                **_instances(plan, where.reached_at, where.brokers[plan.name]),
            }
            for plan in note.plan.brokers
            if plan.name not in note.deleted
        },
    }


def show_endpoints(note: StateFile, where: Whereabouts, console: Console) -> None:
    """Print the endpoints, the users, the CA file, and a line to try."""
    regions = {region.name: region for region in note.plan.regions}
    for plan in note.plan.brokers:
        region = regions[plan.region]
        console.print(
            f"\n[bold]{plan.name}[/bold] · {region.city} ({region.aws_region}) · ActiveMQ {plan.activemq_version}"
        )
        its_own = where.brokers[plan.name]
        rows = [("", *(f"instance {its.number}" for its in its_own))] if len(its_own) > 1 else []
        for endpoint in ENDPOINTS:
            urls = (_url(endpoint.scheme, where.reached_at, its.ports[endpoint.name]) for its in its_own)
            rows.append((endpoint.protocol, *urls))
        both = zip(plan.instances, its_own, strict=True)
        if any(its.own_address for its in its_own):
            rows.append(("AWS's ports", *(f"at {its.own_address}" for its in its_own)))
        rows.append(("address", *(f"{declared.address} declared, {its.address} used" for declared, its in both)))
        rows.append(("users", ", ".join(plan.users)))
        rows.append(("console users", ", ".join(plan.console_users) or "none (console-access: yes makes one)"))
        for line in columns(rows, before="  "):
            console.print(escape(line), soft_wrap=True)
        for its in plan.instances:
            console.print(f"inside the lab {its.host_name}", soft_wrap=True)
        if plan.name in note.not_created:
            console.print(f"not created yet: mqlab broker create {plan.name}")
        if len(its_own) > 1:
            console.print(
                f"one store; {plan.instances[0].name} is active first, and the ports of the other instance "
                "refuse connections"
            )
    if where.no_own_addresses:
        console.print(f"\nno address has the ports of AWS: {where.no_own_addresses}", soft_wrap=True)
    console.print(f"\nCA file   {where.ca_file}", soft_wrap=True)
    console.print(f"Passwords are printed by mqlab env {note.run}, and by no other command.", soft_wrap=True)
    one = next((plan.name for plan in note.plan.brokers if plan.name not in note.not_created), None)
    if one is not None:
        console.print("Try:", style="bold")
        console.print(f"  mqlab publish {one} hello --queue greetings --run {note.run}", soft_wrap=True)
        console.print(f"  mqlab listen {one} --queue greetings --count 1 --run {note.run}", soft_wrap=True)
    console.print("For clients of your own:", style="bold")
    console.print(f'  eval "$(mqlab env {note.run} --shell)"', soft_wrap=True)
    observed = dict.fromkeys(pattern for plan in note.plan.brokers for pattern in plan.identity.observe)
    if observed:
        console.print(f"For verdicts on their messages to {', '.join(observed)}:", style="bold")
        console.print(f"  mqlab watch {note.run} --scenario FILE", soft_wrap=True)
        console.print(f"  mqlab judge {note.run} --scenario FILE", soft_wrap=True)
        console.print(f"  mqlab trace last:DESTINATION {note.run}", soft_wrap=True)


def to_dict(status: Status) -> dict[str, Any]:
    """Return a status as JSON-able values, without secrets."""
    account = Account() if status.note.replaying else status.note.control.account
    network = Network() if status.note.replaying else status.note.plan.network  # a replay has its own
    return {
        **endpoints(status.note, status.whereabouts),
        "detached": status.note.detached,
        "owner_alive": status.owner_alive,
        "networks": dict(status.whereabouts.networks),
        "broker_status": [_broker(each) for each in status.brokers],
        "bridges": [{**asdict(each), "ends": _seen(each.ends)} for each in status.bridges],
        "links": [{**asdict(each), "directions": _seen(each.directions)} for each in status.links],
        "service": [describe_broker(account, each.name) for each in account.brokers],
        "peerings": [describe_peering(network, each) for each in network.peerings],
        "security_groups": [describe_security_group(each) for each in network.groups],
        "dropped": [drop.told() for drop in status.dropped],
    }


def lost_to_dict(lost: Lost) -> dict[str, Any]:
    """Return a lab whose note is lost as JSON-able values."""
    return {"run": lost.run, "created": lost.created, "note": "lost or damaged", **lost.counts}


def show_lost(lost: Lost, console: Console) -> None:
    """Print a lab whose note is lost, with the way to end it."""
    console.print(f"[bold]{lost.run}[/bold] · detached · {escape(lost.scenario)}", soft_wrap=True)
    console.print(f"  found by its labels: {lost.counts['containers']} containers, {lost.counts['networks']} networks")
    console.print(f"  only one command still works: mqlab down {lost.run} ends the lab", soft_wrap=True)


def _network(network: Network) -> list[str]:
    """Return the peerings, the blackholes and each group's inbound rules as lines of text."""
    blackholes = [f"  {table.name}: {route.destination} is a blackhole" for table, route, _ in network.blackholes()]
    groups = [
        f"  {each.name} lets in {'; '.join(map(str, each.inbound)) or 'nothing'}{brokers_in(network, each)}"
        for each in network.groups
        if any(each.name in its.groups for its in network.interfaces)
    ]
    return [*(f"  {peering_line(each)}" for each in network.peerings), *blackholes, *groups]


def _seen(observations: Sequence[Observation]) -> list[dict[str, Any]]:
    return [{"t": each.t, **each.told()} for each in observations]


def show(status: Status, console: Console) -> None:
    """Print the status of a lab."""
    note = status.note
    kept = (
        "detached"
        if note.detached
        else (
            "opened by a running process" if status.owner_alive else "its process is dead: mqlab sweep removes the lab"
        )
    )
    console.print(f"[bold]{note.run}[/bold] · {escape(note.scenario)} · {kept}", soft_wrap=True)
    console.print("\nbrokers", style="bold")
    for broker in status.brokers:
        if broker.container == ABSENT:
            console.print(f"  {broker.name}: {ABSENT}", soft_wrap=True)
            continue
        memory = f", {broker.memory / 2**20:.0f} MiB" if broker.memory else ""
        version = f"ActiveMQ {broker.version}" if broker.version else "does not answer"
        role = {"active": ", active", "standby": ", standby: its ports refuse connections"}.get(broker.role, "")
        said = f"{version}{role}" if broker.role != "standby" else role.removeprefix(", ")
        console.print(f"  {broker.name}: {broker.container}, {broker.health}, {said}{memory}", soft_wrap=True)
    if not note.replaying:
        console.print("\nservice", style="bold")
        for record in note.control.account.brokers:
            for line in record_lines(record):
                console.print(f"  {escape(line)}", soft_wrap=True)
    console.print("\nbridges", style="bold")
    for bridge in status.bridges:
        sign = "[green]up[/green]" if bridge.up else "[red]down[/red]"
        arrow = "⇄" if bridge.duplex else "→"
        console.print(
            f"  {escape(bridge.connector)}: {bridge.initiator} {arrow} {bridge.responder}, {sign}", soft_wrap=True
        )
        if not bridge.up:
            console.print(f"    {escape(bridge.why_not) or 'the logs give no reason yet'}", soft_wrap=True)
        for end in bridge.ends:
            duplex = "true" if end.created_by_duplex else "false"
            console.print(
                escape(f"    {end.broker} sees {end.remote} at {end.remote_address}, created by duplex {duplex}"),
                soft_wrap=True,
            )
            console.print(
                f"      enqueued {end.enqueued}, dequeued {end.dequeued}, received {end.received}", soft_wrap=True
            )
    if not status.bridges:
        console.print("  no bridge is configured")
    if not note.replaying and (its := _network(note.control.present)):
        console.print("\nnetwork", style="bold")
        for line in its:
            console.print(escape(line), soft_wrap=True)
    console.print("\nlinks", style="bold")
    for link in status.links:
        probed = "nothing comes back" if link.round_trip_ms is None else f"{link.round_trip_ms:g} ms"
        console.print(f"  {link.name}: round trip {probed}, probed now", soft_wrap=True)
        for way, now in zip(link.directions, link.states, strict=True):
            dropped = ", ".join(f"{count} by {cause}" for cause, count in way.dropped.items()) or "none"
            measured = f"p50 {_ms(way.measured_p50_ms)}, p99 {_ms(way.measured_p99_ms)}"
            closed = "" if now == "open" else f"[red]{now}[/red], "
            console.print(
                f"    {way.leaving} → {way.reaching}: {closed}{way.configured_delay_ms:g} ms configured, "
                f"measured {measured}",
                soft_wrap=True,
            )
            console.print(f"      {way.packets} packets, dropped {dropped}", soft_wrap=True)
    if not status.links:
        console.print("  the router does not run: nothing passes")
    if status.dropped:
        console.print("\ndropped", style="bold")
    for drop in status.dropped:
        console.print(escape(f"  {drop.packets} from {drop.source} to {drop.target}: {drop.cause}"), soft_wrap=True)


def _instance(plan: InstancePlan, host: str, where: Reached) -> dict[str, Any]:
    return {
        "host_name": plan.host_name,
        "address": str(plan.address),
        "used_address": where.address,
        "endpoints": {each.name: _url(each.scheme, host, where.ports[each.name]) for each in ENDPOINTS},
        **({"own_address": where.own_address} if where.own_address else {}),
    }


def _instances(plan: BrokerPlan, host: str, where: Sequence[Reached]) -> dict[str, Any]:
    """Return the key `instances`, with both of a pair; nothing for a single broker."""
    if len(plan.instances) == 1:
        return {}
    both = zip(plan.instances, where, strict=True)
    return {"instances": [{"name": declared.name, **_instance(declared, host, its)} for declared, its in both]}


def _broker(status: BrokerStatus) -> dict[str, Any]:
    return {key: value for key, value in asdict(status).items() if key != "role" or value}


def _url(scheme: str, host: str, port: int) -> str:
    return f"{scheme}://{host}:{port}" + ("/admin/" if scheme == "https" else "")


def _ms(figure: float | None) -> str:
    return "–" if figure is None else f"{figure:g} ms"
