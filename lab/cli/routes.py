"""routes: the brokers that messages can reach, the connectors on the way, or the obstacles.

Of a scenario without Docker; of a running lab as it is now.
"""

from __future__ import annotations

from collections.abc import Sequence

from lab.activemq.destinations import has_wildcard
from lab.base.dataclass import dataclass
from lab.base.masking import Mask
from lab.base.suggestions import remedy
from lab.cli import options, scenario_argument
from lab.cli.options import JSON, SET, VERSION, argument, flag, option
from lab.declare.scenario import Scenario
from lab.declare.topology import Topology
from lab.declare.variants import settings_of
from lab.errors import InputError
from lab.plan.arrival import Arrival
from lab.plan.forwarding import Standing, declared_bridges, tells_of_durables
from lab.plan.routes_used import used_routes
from lab.plan.routing import Route, routing_table
from lab.plan.routing_text import describe_routes, routes_json

_KINDS = ("queue://", "topic://")


def routes(
    scenario: str | None = argument(
        "[SCENARIO]",
        "The file of a scenario or a topology, or the name of a shipped scenario (default: a running lab).",
    ),
    source: str | None = option("--from BROKER", "The broker that messages are sent to (default: any)."),
    target: str | None = option("--to BROKER", "The broker of the subscribers (default: any)."),
    destination: list[str] | None = option(
        "--destination NAME", "The destination, for example queue://orders (repeatable)."
    ),
    all_routes: bool = flag(
        "--all", "Show the routes between all brokers, not only the routes that the scenario uses."
    ),
    set: list[str] | None = SET,
    activemq_version: str | None = VERSION,
    run: str | None = option("--run RUN", "The lab, by its run id (default: the only running lab)."),
    durable: bool = flag(
        "--durable", "Print where messages wait for durable subscribers that are away, also without a setting for them."
    ),
    strict: bool = flag("--strict", "Exit with code 1 if a message may not arrive."),
    json: bool = JSON,
) -> int:
    """Show the brokers that messages can reach, the connectors on the way, and the obstacles.

    The routes follow ActiveMQ's rules. They assume that consumers keep up, and that every possible bridge is up.
    For a scenario with steps, the command shows the routes that its clients use. Without SCENARIO, it shows a running
    lab.

    Example: mqlab routes tokyo-singapore
    """
    for each in destination or ():
        if not each.startswith(_KINDS) or not each.partition("://")[2]:
            raise InputError.of(f"{each!r} is not a destination", "write queue://NAME or topic://NAME")
        if has_wildcard(each):
            raise InputError.of(f"{each} stands for many destinations", "name one destination, without wildcards")
    if scenario is not None:
        found = scenario_argument.read(scenario, settings_of(set or ()), activemq_version)
        asked = _Asked(
            topology=found.topology, mask=found.origin.mask, activemq_version=activemq_version, scenario=found
        )
    else:
        asked = _standing(run)
    brokers = asked.topology.brokers
    for name in (source, target):
        if name is not None and name not in brokers:
            raise InputError.of(f'no broker named "{name}"', remedy(name, list(brokers), "brokers in this topology"))
    if source is not None and source == target:
        raise InputError.of(f"no bridge leads from {source} to itself", "name two brokers")
    table: Sequence[Route]
    if asked.scenario is not None and asked.scenario.steps and not all_routes and not destination:
        table = used_routes(asked.scenario, activemq_version, ends=(source, target))
    else:
        table = routing_table(
            asked.topology,
            destinations=tuple(destination or ()),
            sources=None if source is None else (source,),
            targets=None if target is None else (target,),
            activemq_version=asked.activemq_version,
            standing=asked.standing,
        )
    if json:
        options.print_json(asked.mask.value(routes_json(table)))
    elif not table:
        options.say("the scenario has no client that receives messages from another broker")
        options.say("  add --all for the routes between all brokers")
    else:
        told = durable or tells_of_durables(declared_bridges(asked.topology, standing=asked.standing))
        options.say(asked.mask.text(describe_routes(table, durable=told)), nl=False)
    return int(strict and any(each.arrival is not Arrival.ALWAYS for each in table))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """The network that is asked about: declared, or that of a running lab."""

    topology: Topology
    mask: Mask
    activemq_version: str | None
    standing: Standing | None = None
    scenario: Scenario | None = None


def _standing(run: str | None) -> _Asked:
    from lab.cli import open_lab
    from lab.living.routes import standing, topology_now

    with open_lab.attached(run) as live:
        return _Asked(
            topology=topology_now(live.lab),
            mask=live.lab.mask(),
            activemq_version=live.lab.note.plan.activemq_version,
            standing=standing(live.lab, live.status()),
        )
