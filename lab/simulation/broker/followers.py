"""Advisories on consumers, as those are told that ask for them: bridges."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from lab.simulation.broker.consumers import ConsumerInfo

Told = Callable[[ConsumerInfo, bool], None]
Forgotten = Callable[[str, str], None]  # client id, name


class _Follower(NamedTuple):
    told: Told
    forgotten: Forgotten | None
    client: str


class Followers:
    """The subscriptions to ActiveMQ.Advisory.Consumer.>: `AdvisoryBroker`."""

    def __init__(self, *, told: bool) -> None:
        self._told = told  # advisorySupport
        self.consumers: dict[str, ConsumerInfo] = {}  # by id
        self._following: list[_Follower] = []

    def follow(self, told: Told, forgotten: Forgotten | None, client: str) -> Callable[[], None]:
        """Tell of each consumer there is, then of each that comes or goes; return how to stop."""
        mine = _Follower(told, forgotten, client)
        if not self._told:
            return lambda: None
        self._following.append(mine)
        for info in list(self.consumers.values()):
            told(info, True)

        def stop() -> None:
            if mine in self._following:
                self._following.remove(mine)

        return stop

    def follows(self, client: str) -> bool:
        """Return whether a client is told."""
        return any(each.client == client for each in self._following)

    def add(self, info: ConsumerInfo) -> None:
        """Tell that a consumer has come."""
        self.consumers[info.id] = info
        for each in tuple(self._following):
            each.told(info, True)

    def remove(self, info: ConsumerInfo) -> None:
        """Tell that a consumer has gone; a durable subscription may be kept for it."""
        if self.consumers.pop(info.id, None) is not None:
            for each in tuple(self._following):
                each.told(info, False)

    def forget(self, client: str, name: str) -> None:
        """Tell that a durable subscription has ended: `RemoveSubscriptionInfo`."""
        for each in tuple(self._following):
            if each.forgotten is not None:
                each.forgotten(client, name)
