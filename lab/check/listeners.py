"""The steps that listen to a destination which they name."""

from __future__ import annotations

from lab.declare.scenario import Scenario
from lab.declare.steps.consume import Consume
from lab.declare.steps.subscribe import Subscribe
from lab.declare.unrolling import every_step


def listeners(scenario: Scenario) -> list[Subscribe | Consume]:
    """Return every subscription, and every consume that connects to a queue by itself."""
    return [
        step
        for step in every_step(scenario.steps)
        if isinstance(step, Subscribe) or (isinstance(step, Consume) and step.queue is not None)
    ]
