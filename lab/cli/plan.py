"""plan, render: a scenario's plan, and the files that brokers get, without Docker."""

from __future__ import annotations

from lab.amazonmq.configurations.configuration import read as read_configuration
from lab.amazonmq.files.activemq_xml import diff
from lab.cli import options, scenario_argument
from lab.cli.options import JSON, PORT_BASE, SCENARIO, SET, VERSION, flag, option
from lab.declare.variants import settings_of
from lab.errors import InputError
from lab.plan.text import describe


def plan(
    scenario: str = SCENARIO,
    set: list[str] | None = SET,
    activemq_version: str | None = VERSION,
    port_base: int | None = PORT_BASE,
    json: bool = JSON,
) -> None:
    """Show the parts of a lab, in the order in which they are created.

    Example: mqlab plan tokyo-singapore
    """
    planned_scenario = scenario_argument.plan_named(
        scenario, activemq_version, settings_of(set or ()), port_base, ports=True
    )
    mask = planned_scenario.scenario.origin.mask
    options.show(mask.value(planned_scenario.plan.to_dict()), [mask.text(describe(planned_scenario.plan))], json)


def render(
    scenario: str = SCENARIO,
    broker: str | None = option("--broker NAME", "The broker (default: all brokers)."),
    difference: bool = flag(
        "--diff", "Print only the lines that mqlab removed from the configuration, or added to it."
    ),
    set: list[str] | None = SET,
    activemq_version: str | None = VERSION,
    json: bool = JSON,
) -> None:
    """Print the activemq.xml that a broker starts with.

    Example: mqlab render tokyo-singapore --broker tokyo
    """
    planned_scenario = scenario_argument.plan_named(scenario, activemq_version, settings_of(set or ()))
    plan, mask = planned_scenario.plan, planned_scenario.scenario.origin.mask
    names = [broker_plan.name for broker_plan in plan.brokers]
    if broker is not None and broker not in names:
        raise InputError.of(f'no broker named "{broker}"', f"brokers in this topology: {', '.join(names)}")
    texts = {}
    for broker_plan in plan.brokers:
        if broker in (None, broker_plan.name):
            configuration = read_configuration(broker_plan.configuration.encode(), broker_plan.configuration_file)
            text = diff(configuration, broker_plan.activemq_xml) if difference else broker_plan.activemq_xml
            texts[broker_plan.name] = mask.text(text)
    if json:
        options.print_json(texts)
    else:
        for name, text in texts.items():
            if len(texts) > 1:
                options.say(f"<!-- broker {name} -->")
            options.say(text.rstrip("\n"))
