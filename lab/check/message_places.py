"""The destinations of a scenario's messages: of steps, and of brokers that send messages by themselves."""

from __future__ import annotations

from functools import cached_property

from lab.activemq.destinations import hears, is_dead_letter_queue
from lab.amazonmq.configurations.routing import Routing, routing
from lab.check.dry_run import configurations_by_broker
from lab.declare.scenario import Scenario
from lab.declare.unrolling import every_step
from lab.plan.brokers import unread


class Fed:
    """The destinations of a scenario that may get messages; one that nothing fills is empty for certain."""

    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario
        steps = every_step(scenario.steps)
        self.sent = frozenset(destination for step in steps for destination in step.sends_to)

    def by_steps(self, destination: str) -> bool:
        """Return whether a step publishes to a destination, to a composite one with it, or to its virtual topic."""
        return any(hears(destination, each) for each in self.sent)

    def by_brokers(self, destination: str) -> bool:
        """Return whether a broker may send an unknown number of messages to a destination that steps sent elsewhere."""
        kind, _, name = destination.partition("://")
        if is_dead_letter_queue(destination):
            return bool(self.sent)
        if name.startswith("ActiveMQ.") or any(each.may_fill(name) for each in self._routings):
            return True
        return kind == "queue" and self._behind_a_virtual_topic(name)

    def may_have(self, destination: str) -> bool:
        """Return whether a message may ever be there."""
        return self.by_steps(destination) or self.by_brokers(destination)

    def may_have_demand(self, destination: str) -> bool:
        """Return whether a connector may create demand for a destination to which no step subscribes."""
        return any(each.may_demand(destination) for each in self._routings)

    def _behind_a_virtual_topic(self, name: str) -> bool:
        """Return whether a queue's name, with its wildcards, may be that of a consumer of a virtual topic."""
        topics = (each.removeprefix("topic://") for each in self.sent if each.startswith("topic://VirtualTopic"))
        return any(hears(f"queue://{name}", f"queue://Consumer.*.{topic}") for topic in topics)

    @cached_property
    def _routings(self) -> tuple[Routing, ...]:
        """The routing of each configuration that a broker has at some time."""
        if unread(self._scenario.topology):
            return (Routing(virtual=True, dead_letters=(), demanded=("topic://>", "queue://>")),)
        return tuple(
            routing(configuration) for its in configurations_by_broker(self._scenario).values() for configuration in its
        )
