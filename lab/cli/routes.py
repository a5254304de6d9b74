"""routes: which broker's messages reach which, over which connectors, or what stops them, without Docker."""

from __future__ import annotations

from typing import Annotated

import typer

from lab.activemq.destinations import has_wildcard
from lab.cli import options, scenario_argument
from lab.cli.options import JSON, SCENARIO, SET, VERSION
from lab.declare.suggestions import remedy
from lab.declare.variants import settings_of
from lab.errors import InputError
from lab.plan.arrival import Arrival
from lab.plan.forwarding import apart_from, declared_bridges
from lab.plan.routing import routing_table
from lab.plan.routing_text import describe_routes, routes_json

_KINDS = ("queue://", "topic://")


def routes(
    scenario: SCENARIO,
    source: Annotated[str | None, typer.Option("--from", metavar="BROKER", help="Only from this broker.")] = None,
    target: Annotated[str | None, typer.Option("--to", metavar="BROKER", help="Only to this broker.")] = None,
    destination: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Only this one, such as queue://orders; repeatable."),
    ] = None,
    set: SET = None,
    activemq_version: VERSION = None,
    strict: Annotated[bool, typer.Option("--strict", help="End with 1 unless messages always arrive.")] = False,
    json: JSON = False,
) -> int:
    """Show which broker's messages reach which, over which connectors, or what stops them.

    As ActiveMQ's rules have it, for one consumer that keeps up, when every bridge that can come up has; without a lab.
    """
    found = scenario_argument.read(scenario, settings_of(set or ()), activemq_version)
    brokers = found.topology.brokers
    for name in (source, target):
        if name is not None and name not in brokers:
            raise InputError.of(f'no broker named "{name}"', remedy(name, list(brokers), "brokers in this topology"))
    for each in destination or ():
        if not each.startswith(_KINDS) or not each.partition("://")[2]:
            raise InputError.of(f"{each!r} is no destination", "write queue://NAME or topic://NAME")
        if has_wildcard(each):
            raise InputError.of(f"{each} stands for many destinations", "name one that a message is sent to")
    if source is not None and source == target:
        raise InputError.of(f"from {source} to itself no bridge leads", "name two brokers")
    table = routing_table(
        found.topology,
        destinations=tuple(destination or ()),
        sources=None if source is None else (source,),
        targets=None if target is None else (target,),
        activemq_version=activemq_version,
    )
    if json:
        options.print_json(found.origin.mask.value(routes_json(table)))
    else:
        options.say(
            found.origin.mask.text(describe_routes(table, apart_from(declared_bridges(found.topology)))), nl=False
        )
    return int(strict and any(each.arrival is not Arrival.ALWAYS for each in table))
