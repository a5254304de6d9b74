"""The maximum number of messages of a scenario's steps, and whether all are sent before the first subscription."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from lab.activemq.destinations import hears, parts_of
from lab.activemq.protocols import protocol
from lab.check.context import Context
from lab.check.dry_run import configurations_by_broker
from lab.check.message_places import Fed
from lab.declare.scenario import Scenario
from lab.declare.steps.base import Step
from lab.declare.steps.clients import Subscribe
from lab.declare.steps.messages import Publish
from lab.declare.unrolling import every_step, in_every_round
from lab.plan.brokers import unread


class _Sent:
    """The messages of a scenario's steps, with every round of a repeat."""

    def __init__(self, scenario: Scenario) -> None:
        self.counts = Counter[tuple[str, str]]()  # by broker and destination
        self.unknown = set[str]()  # destinations to which nobody knows how many
        for step in in_every_round(scenario.steps):
            for part in (part for each in step.sends_to for part in parts_of(each)):
                if isinstance(step, Publish) and not _scheduled(step):
                    self.counts[step.broker, part] += step.count
                else:
                    self.unknown.add(part)


def most_sent(context: Context, destination: str, broker: str | None = None) -> int | None:
    """Return the maximum number of messages to a destination, at one broker or at all; None if it is unknown."""
    if context.recall(Fed).by_brokers(destination) or unread(context.topology):
        return None
    sent = context.recall(_Sent)
    if any(hears(destination, part) for part in sent.unknown):
        return None
    its = sent.counts.items()
    return sum(count for (at, part), count in its if broker in (None, at) and hears(destination, part))


def all_sent_before(context: Context, heard: Sequence[str]) -> bool:
    """Return whether all sending to topics is over for certain before a client subscribes to `heard`.

    A message may reach a client that subscribed after the sending: if a broker retains or recalls it, if it is on its
    way between brokers for an earlier client, or if no acknowledgement was awaited. So the sending is over for certain
    only if no client subscribes before it, and no broker takes part in it.
    """
    fed = context.recall(Fed)
    if unread(context.topology) or any(fed.by_brokers(each) for each in heard):
        return False
    last, targets = -1, set[str]()
    for place, step in _placed(context.scenario):
        its = [each for each in step.sends_to if any(hears(listened, each) for listened in heard)]
        if its and not _ends_with_its_acknowledgements(step):
            return False
        if any(not part.startswith("topic://") or fed.may_have_demand(part) for each in its for part in parts_of(each)):
            return False
        last, targets = place if its else last, targets.union(its)
    subscribed = ((place, step) for place, step in _placed(context.scenario) if isinstance(step, Subscribe))
    for place, step in subscribed:
        hearing = any(hears(str(step.login.destination), each) for each in targets)
        if hearing and (place <= last or step.kept):
            return False
    return bool(targets) and not _recalls(context.scenario)


def _ends_with_its_acknowledgements(step: Step) -> bool:
    """Return whether brokers have done all they will with a step's messages once it is over."""
    if not isinstance(step, Publish) or step.retained or any("retain" in name.lower() for name in step.headers or ()):
        return False
    return (protocol(step.over) != "mqtt" or step.qos > 0) and not _scheduled(step)


def _scheduled(step: Publish) -> bool:
    """Return whether a broker may send a step's messages later, or several times, because of their headers."""
    return any(name.upper().startswith("AMQ_SCHEDULED") for name in step.headers or ())


def _placed(scenario: Scenario) -> Iterator[tuple[int, Step]]:
    """Yield every step with the place of the outermost step that it is in: those are done one after the other."""
    for place, step in enumerate(scenario.steps):
        for each in every_step([step]):
            yield place, each


def _recalls(scenario: Scenario) -> bool:
    """Return whether a broker may give a topic's earlier messages to those who subscribe later."""
    its = (each for found in configurations_by_broker(scenario).values() for each in found)
    return any(
        element.get("alwaysRetroactive") is not None or element.name == "subscriptionRecoveryPolicy"
        for each in its
        for element in each.broker.walk()
    )
