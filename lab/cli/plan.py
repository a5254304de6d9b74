"""plan: a scenario's plan, without Docker."""

from __future__ import annotations

from lab.cli import options, scenario_argument
from lab.cli.options import JSON, PORT_BASE, SCENARIO, SET, VERSION
from lab.declare.variants import settings_of
from lab.plan.text import describe


def plan(
    scenario: SCENARIO,
    set: SET = None,
    activemq_version: VERSION = None,
    port_base: PORT_BASE = None,
    json: JSON = False,
) -> None:
    """Show the parts of a lab, in the order in which they are created.

    Example: mqlab plan tokyo-singapore
    """
    found = scenario_argument.plan_named(scenario, activemq_version, settings_of(set or ()), port_base, ports=True)
    mask = found.scenario.origin.mask
    options.show(mask.value(found.plan.to_dict()), [mask.text(describe(found.plan))], json)
