"""What an open lab is asked: the service's records, the network, links, bridges, logs, and waiting for any of them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from datetime import datetime

from lab.amazonmq.account.account import Account
from lab.amazonmq.account.broker_record import BrokerState
from lab.errors import InputError, LabTimeout
from lab.living.control_plane import KeptControlPlane
from lab.living.conversation import destination
from lab.network.vpc import Network
from lab.plan.control import Control
from lab.runtime.hosts import Hosts
from lab.runtime.lab import Silent, StandingLab
from lab.runtime.status import DirectionNow, Status
from lab.suggestions import unknown


class State(ABC):
    """Questions to an open lab; each is answered as of now, whichever process changed the lab last."""

    lab: StandingLab
    _plane: KeptControlPlane

    @property
    @abstractmethod
    def _now(self) -> Control:
        """Return the Control on file now; raise InputError if the lab has ended."""

    @property
    def run(self) -> str:
        """Return the id of the lab's run."""
        return self.lab.note.run

    @property
    def account(self) -> Account:
        """Return the service's records as they are now: brokers, configurations, users."""
        return self._now.account

    @property
    def now(self) -> datetime:
        """Return the service's time, by which maintenance windows open."""
        return self.account.now(self._plane.machine)

    @property
    def network(self) -> Network:
        """Return the network as it is now: peerings, route tables, security groups."""
        return self._now.present

    @property
    def hosts(self) -> Hosts:
        """Return the places that the topology keeps for applications: `run` one there, `attach` one that runs."""
        _ = self._now
        return self.lab.hosts

    def links(self) -> tuple[DirectionNow, ...]:
        """Return the current setting of each direction of each link, from the router."""
        _ = self._now
        return tuple(way for link in self.lab.note.plan.links for way in self.lab.link_now(link.name))

    def status(self) -> Status:
        """Return the current status: brokers, both ends of each bridge, links as configured and as measured."""
        _ = self._now
        return self.lab.status()

    def logs(self, name: str, *, tail: int | None = None) -> list[str]:
        """Return the lines of a broker's log, or of `router`; only the last ones if `tail` is given."""
        _ = self._now
        return list(self.lab.logs(name, tail=tail))

    def demand(self, broker: str, *, topic: str | None = None, queue: str | None = None) -> bool:
        """Return whether a bridge would forward a message that is sent there to a broker."""
        name = self.account.broker(broker).name
        try:
            return self.lab.demand(name, destination(topic, queue))
        except Silent:
            return False  # such as during a reboot: nothing would be forwarded

    def bridged(self, connector: str) -> bool:
        """Return whether all bridges of a connector work at both ends."""
        _ = self._now
        found = [each for each in self.lab.note.plan.bridges if each.connector == connector]
        if not found:
            names = dict.fromkeys(each.connector for each in self.lab.note.plan.bridges)
            raise InputError([unknown("connector", connector, names, "connectors of this lab", None)])
        return all(self.lab.bridge_is_up(each) for each in found)

    def serves(self, broker: str) -> bool:
        """Return whether a broker is RUNNING for the service and every endpoint of its active instance listens."""
        record = self.account.broker(broker)
        active = self.lab.active(record.name) if record.state is BrokerState.RUNNING else None
        if active is None or active in self._plane.stopped(record.name):
            return False
        return self.lab.started(record.name, active)

    def queued(self, broker: str, queue: str) -> int | None:
        """Return how many messages are in a queue, 0 if there is no such queue; None while its broker is silent."""
        name = self.account.broker(broker).name
        try:
            found = self.lab.destinations([(name, destination(None, queue))])
        except Silent:
            return None
        return found[0].queued if found else None  # no counters at all: its broker is down

    def wait(self, until: Callable[[], bool], within: float, what: str = "what was waited for") -> None:
        """Return when a condition holds; raise LabTimeout if it does not within so many seconds.

        >>> lab.wait(lambda: lab.bridged("connector_tokyo_to_singapore"), within=60)
        """
        if not self.lab.clock.wait(until, within):
            raise LabTimeout(f"not within {within:g} s: {what}")
