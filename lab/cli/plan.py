"""plan, render, schema: a scenario's plan, its brokers' files, and the file formats, without Docker."""

from __future__ import annotations

from typing import Annotated

import typer

from lab.amazonmq.configurations.configuration import read as read_configuration
from lab.amazonmq.files.activemq_xml import diff
from lab.cli import options, scenario_argument
from lab.cli.options import JSON, SCENARIO, SET, VERSION, ending
from lab.declare.schema import scenario_schema, topology_schema
from lab.declare.variants import settings_of
from lab.errors import InputError
from lab.history.schema import history_schema
from lab.plan.text import describe


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.command(name="plan")(ending(show_plan))
    app.command()(ending(render))
    app.command()(ending(schema))


def show_plan(scenario: SCENARIO, set: SET = None, activemq_version: VERSION = None, json: JSON = False) -> int:
    """Show what would stand, and in which order it would be made."""
    found = scenario_argument.plan_named(scenario, activemq_version, settings_of(set or ()))
    mask = found.scenario.origin.mask
    if json:
        options.print_json(mask.value(found.plan.to_dict()))
    else:
        options.say(mask.text(describe(found.plan)))
    return 0


def render(
    scenario: SCENARIO,
    broker: Annotated[
        str | None, typer.Option("--broker", metavar="NAME", help="Which broker; all when left out.")
    ] = None,
    difference: Annotated[
        bool, typer.Option("--diff", help="Show only what was removed from the configuration and added to it.")
    ] = False,
    set: SET = None,
    activemq_version: VERSION = None,
    json: JSON = False,
) -> int:
    """Print the activemq.xml that a broker really gets."""
    found = scenario_argument.plan_named(scenario, activemq_version, settings_of(set or ()))
    plan, mask = found.plan, found.scenario.origin.mask
    names = [each.name for each in plan.brokers]
    if broker is not None and broker not in names:
        raise InputError.of(f'no broker named "{broker}"', f"brokers in this topology: {', '.join(names)}")
    texts = {}
    for each in plan.brokers:
        if broker in (None, each.name):
            configuration = read_configuration(each.configuration.encode(), each.configuration_file)
            text = diff(configuration, each.activemq_xml) if difference else each.activemq_xml
            texts[each.name] = mask.text(text)
    if json:
        options.print_json(texts)
    else:
        for name, text in texts.items():
            if len(texts) > 1:
                options.say(f"<!-- broker {name} -->")
            options.say(text.rstrip("\n"))
    return 0


def schema(
    of: Annotated[str, typer.Argument(metavar="scenario|topology|history", help="Which file's schema.")] = "scenario",
) -> int:
    """Print the JSON Schema of a file, for editors that complete and check; of a history, of one line."""
    known = {"scenario": scenario_schema, "topology": topology_schema, "history": history_schema}
    if of not in known:
        raise InputError.of(f'no schema named "{of}"', f"there are: {', '.join(known)}")
    options.print_json(known[of]())
    return 0
