"""The messages that a bridge's consumer may get: none that was at the other broker before."""

from __future__ import annotations

from collections.abc import Callable

from lab.simulation.broker.consumers import ConsumerInfo
from lab.simulation.broker.destination import Node
from lab.simulation.broker.queue import Queue


def network_filter(info: ConsumerInfo, now: Callable[[], int]) -> Callable[[Node], bool]:
    """Return the filter of a network consumer: `NetworkBridgeFilter`, and `ConditionalNetworkBridgeFilter` for queues.

    A message that has been at the other broker is not given back to it, unless a queue's policy has
    `replayWhenNoConsumers` and no other consumer takes it here; its TTL does not matter then.
    """
    target, ttl = info.target, info.message_ttl

    def passes(node: Node) -> bool:
        path = node.message.path
        if not path:
            return ttl != 0
        destination = node.destination
        if target in path:
            return isinstance(destination, Queue) and destination.policy.replays and _nobody_else(destination)
        return ttl < 0 or len(path) < ttl

    return passes


def _nobody_else(queue: Queue) -> bool:
    """Return whether a queue has no consumer but bridges: `hasNoLocalConsumers`."""
    return all(each.info.network for each in queue.order)
