"""plan: a scenario's plan, without Docker."""

from __future__ import annotations

from lab.cli import options, scenario_argument
from lab.cli.options import JSON, PORT_BASE, SCENARIO, SET, VERSION
from lab.declare.variants import settings_of
from lab.plan.text import describe
from lab.report.drawing import chart
from lab.report.plan_picture import planned


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
    found = scenario_argument.plan_named(scenario, activemq_version, settings_of(set or ()), port_base, ports=True)
    mask = found.scenario.origin.mask
    title, _, tables = describe(found.plan).partition("\n")
    drawn = chart(planned(found.plan), options.out().width, options.only_ascii())
    parts = [title, "", drawn, tables] if drawn else [title, tables]
    options.show(mask.value(found.plan.to_dict()), [mask.text("\n".join(parts))], json)
