"""Advisories: the subscriptions that learn of consumers, and the users who may create advisory topics."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from lab.activemq.bridge_logins import is_login
from lab.activemq.destinations import ADVISORIES
from lab.simulation.broker.authorization import ADMIN, Authorization
from lab.simulation.broker.consumers import ConsumerInfo
from lab.simulation.broker.session import Session

Told = Callable[[ConsumerInfo, bool], None]
Forgotten = Callable[[str, str], None]  # client id, name
CONNECTIONS = f"{ADVISORIES}Connection"
CONSUMERS = f"{ADVISORIES}Consumer.>"


class _Follower(NamedTuple):
    callback: Told
    forgotten: Forgotten | None
    client: str


class Advisories:
    """`AdvisoryBroker`, with the subscriptions to ActiveMQ.Advisory.Consumer.>."""

    def __init__(self, rights: Authorization, *, reported: bool) -> None:
        self.consumers: dict[str, ConsumerInfo] = {}  # by id
        self.topics: dict[str, None] = {}  # those that are there
        self._rights, self._reported = rights, reported  # reported: advisorySupport
        self._following: list[_Follower] = []

    def check(self, by: Session, topic: str) -> None:
        """Raise Refused if a client's action needs an advisory topic that does not exist and that it may not create.

        `AdvisoryBroker.fireAdvisory` sends with the client's own rights, and a topic is made when it is first sent to.
        """
        if self._reported and self._rights.asked and topic not in self.topics:
            self._rights.check(by, ADMIN, topic)

    def send(self, topic: str) -> None:
        """Note that an advisory was sent to a topic, which is there from then on."""
        if self._reported:
            self.topics[topic] = None

    def removed(self, destination: str) -> None:
        """Take note that a destination is gone, and with it the topics of advisories on it."""
        self.send(of_destinations(destination))
        self.topics.pop(of_consumers(destination), None)
        self.topics.pop(of_producers(destination), None)

    @property
    def listeners(self) -> int:
        """Return the number of consumers of the advisory topics, by their counters.

        A bridge's consumer counts at each topic that its pattern covers: measured on 5.18.3.
        """
        prefix = CONSUMERS.removesuffix(">")
        clients = sum(each.client != "" for each in self._following)
        return clients * sum(each.startswith(prefix) for each in self.topics)

    def follow(self, on_consumer: Told, forgotten: Forgotten | None, client: str) -> Callable[[], None]:
        """Call `on_consumer` for each present consumer, then for each that is added or removed; return how to stop.

        Without a client the lab watches, and the subscription is not counted.
        """
        mine = _Follower(on_consumer, forgotten, client)
        if not self._reported:
            return lambda: None
        self._following.append(mine)
        for info in list(self.consumers.values()):
            on_consumer(info, True)

        def stop() -> None:
            if mine in self._following:
                self._following.remove(mine)

        return stop

    def follows(self, *login: str) -> bool:
        """Return whether a bridge whose client id has these parts receives advisories."""
        return any(is_login(each.client, *login) for each in self._following)

    def add(self, info: ConsumerInfo) -> None:
        """Announce a consumer that has come."""
        self.consumers[info.id] = info
        self.send(of_consumers(info.destination))
        for each in tuple(self._following):
            each.callback(info, True)

    def remove(self, info: ConsumerInfo) -> None:
        """Announce that a consumer has gone; a durable subscription may be kept for it."""
        if self.consumers.pop(info.id, None) is not None:
            self.send(of_consumers(info.destination))
            for each in tuple(self._following):
                each.callback(info, False)

    def forget(self, client: str, name: str, destination: str) -> None:
        """Announce that a durable subscription has ended: `RemoveSubscriptionInfo`."""
        self.send(of_consumers(destination))
        for each in tuple(self._following):
            if each.forgotten is not None:
                each.forgotten(client, name)


def of_consumers(destination: str) -> str:
    """Return the topic of the advisories on a destination's consumers: `AdvisorySupport.getConsumerAdvisoryTopic`."""
    kind, _, name = destination.partition("://")
    return f"{ADVISORIES}Consumer.{'Topic' if kind.endswith('topic') else 'Queue'}.{name}"


def of_producers(destination: str) -> str:
    """Return the topic of the advisories on a destination's producers."""
    return of_consumers(destination).replace(".Consumer.", ".Producer.", 1)


def of_destinations(destination: str) -> str:
    """Return the topic of the advisories on destinations of a kind: `AdvisorySupport.getDestinationAdvisoryTopic`."""
    kind = "".join(part.capitalize() for part in destination.partition("://")[0].split("-"))
    return f"{ADVISORIES}{kind}"
