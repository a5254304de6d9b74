"""render: the files that brokers really get, without Docker."""

from __future__ import annotations

from typing import Annotated

import typer

from lab.amazonmq.configurations.configuration import read as read_configuration
from lab.amazonmq.files.activemq_xml import diff
from lab.cli import options, scenario_argument
from lab.cli.options import JSON, SCENARIO, SET, VERSION
from lab.declare.variants import settings_of
from lab.errors import InputError


def render(
    scenario: SCENARIO,
    broker: Annotated[
        str | None, typer.Option("--broker", metavar="NAME", help="The broker (default: all brokers).")
    ] = None,
    difference: Annotated[
        bool,
        typer.Option("--diff", help="Print only the lines that mqlab removed from the configuration, or added to it."),
    ] = False,
    set: SET = None,
    activemq_version: VERSION = None,
    json: JSON = False,
) -> None:
    """Print the activemq.xml that a broker starts with.

    Example: mqlab render tokyo-singapore --broker tokyo
    """
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
