"""A broker's settings for its process as a whole, with ActiveMQ's defaults."""

from __future__ import annotations

from lab.amazonmq.configurations.configuration import read
from lab.amazonmq.configurations.elements import Element
from lab.amazonmq.configurations.stamping import Stamping, stampings
from lab.amazonmq.configurations.value_types import is_true
from lab.base.dataclass import dataclass
from lab.plan.values import BrokerPlan
from lab.simulation.broker.releases import broker_rules
from lab.simulation.kernel import MILLISECOND

USUAL_PERCENT = 70  # of the heap that the lab's brokers have for messages


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The attributes of a broker element that are modelled: `BrokerService`."""

    xml: Element
    purge_every: int  # ns; 0: never
    purged_at_once: int  # 0: any number
    virtual_topics: bool
    advisories: bool
    expires_durables: bool  # of a consumer that is there, by the clock
    expires_acknowledged: bool  # for a subscriber that has acknowledged it
    refuses_nameless_topics: bool
    checkpoint: int  # ns from one checkpoint of the store to the next
    destinations: tuple[str, ...]  # made at the start
    persistent: bool  # else all that it keeps goes with its process
    stamping: tuple[Stamping, ...]
    memory_percent: int  # of the heap: memoryUsage
    limits_memory: bool  # of single destinations


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """The times that a broker's host takes, as measured, in ns."""

    message: int = 0  # for a broker to take one message
    handling: int = 0  # that a message takes beside, while others are served
    first: int = 0  # longer, of the first connection to a process; how much longer its first messages take follows
    sync: int = 0  # for a store to sync one message of a queue, or one batch of topics'
    capped: bool = False  # above the speeds that were measured nothing is known


FREE = Costs()


def _checkpoint(broker: Element) -> int:
    """Return the ms between checkpoints: `MessageDatabase.CheckpointRunner`."""
    stores = (each for adapter in broker.children_named("persistenceAdapter") for each in adapter.children)
    return int(next((text for each in stores if (text := each.get("checkpointInterval"))), 5000))


def _memory(broker: Element) -> int:
    """Return the percentage of the heap that messages may have; without one, or with 0, the usual one is a guess."""
    usage = broker.find("systemUsage", "systemUsage", "memoryUsage", "memoryUsage")
    return int((None if usage is None else usage.get("percentOfJvmHeap")) or 0) or USUAL_PERCENT


def settings(plan: BrokerPlan) -> Settings:
    """Return the settings of a broker as the service has saved them."""
    broker = read(plan.saved.encode(), plan.configuration_file).broker

    def flag(name: str, default: bool) -> bool:
        return default if (text := broker.get(name)) is None else is_true(text)

    def number(name: str) -> int:
        return 0 if (text := broker.get(name)) is None else int(text)

    rules, persistent = broker_rules(plan.activemq_version), flag("persistent", True)
    return Settings(
        xml=broker,
        purge_every=number("schedulePeriodForDestinationPurge") * MILLISECOND,
        purged_at_once=number("maxPurgedDestinationsPerSweep"),
        virtual_topics=flag("useVirtualTopics", True),
        advisories=flag("advisorySupport", True),
        expires_durables=flag("enableMessageExpirationOnActiveDurableSubs", False),
        expires_acknowledged=rules.expires_acknowledged or not persistent,
        refuses_nameless_topics=rules.refuses_nameless_topics,
        checkpoint=_checkpoint(broker) * MILLISECOND,
        destinations=tuple(
            f"{each.name}://{each.get('physicalName')}"
            for group in broker.children_named("destinations")
            for each in group.children
            if each.name in ("queue", "topic")
        ),
        persistent=persistent,
        stamping=stampings(broker),
        memory_percent=_memory(broker),
        limits_memory=any(each.get("memoryLimit") for each in broker.walk()),
    )
