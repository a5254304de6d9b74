"""A Lab in memory that knows what a bridge needs: a way there and back, a rule that lets it in, a user at both ends."""

from __future__ import annotations

from collections.abc import Sequence

from lab.declare.topology import Topology
from lab.history import BridgeSeen, Counted, SnapshotTaken
from lab.link.impairment import LinkState
from lab.network.reach import reach
from lab.plan.values import BridgePlan, Plan
from lab.runtime.messages import Destination, Outgoing
from tests.replay.fake_lab import FakeClient, FakeLab

OPENWIRE, CAME_FROM = 61617, 47520


class ArticleLab(FakeLab):
    """A FakeLab whose bridges come up only where the network and the users let them."""

    def __init__(self, plan: Plan, topology: Topology) -> None:
        super().__init__(plan)
        self._users = {name: set(broker.users) for name, broker in topology.brokers.items()}
        self._used: set[tuple[str, str]] = set()  # brokers, and the topics that their own clients used

    def publish(self, sender: FakeClient, message: Outgoing) -> None:
        self._used.add((sender.broker, str(message.destination)))
        super().publish(sender, message)

    def bridges(self) -> Sequence[BridgeSeen]:
        return [each for each in super().bridges() if self._joined()]

    def demand(self, broker: str, destination: Destination, towards: str | None = None) -> bool:
        return super().demand(broker, destination, towards) and self._joined()

    def snapshot(self, name: str) -> Sequence[Counted | SnapshotTaken]:
        listed = self._listed()
        return [
            each
            for each in super().snapshot(name)
            if not (isinstance(each, Counted) and each.of == "destination") or (each.broker, each.name) in listed
        ]

    def _listed(self) -> set[tuple[str, str]]:
        """Return the topics that each broker has: of its own clients, and those that a bridge asks for."""
        asked = {
            (broker.name, str(terms.destination))
            for client in self.clients
            for terms in client.subscriptions
            for broker in self.plan.brokers
            if not client.closed and (broker.name == client.broker or self._joined())
        }
        return asked | self._used | {(broker, str(own)) for broker, own in self.subscribed_at}

    def _joined(self) -> bool:
        return bool(self.plan.bridges) and not self._stopped()

    def _stopped(self) -> str:
        """Say what keeps the bridge from coming up: no way, or a user that a broker does not know."""
        for bridge in self.plan.bridges:
            found = reach(self.network, bridge.initiator, bridge.responder, OPENWIRE)
            if not found.yes:
                return found.words
            if self._refusing(bridge):
                return f"User name [{bridge.user}] or password is invalid."
        return ""

    def _refusing(self, bridge: BridgePlan) -> str:
        """Name the broker that does not know the bridge's user: it logs in at both, first at its own."""
        ends = (bridge.initiator, bridge.responder)
        return next((each for each in ends if bridge.user not in self._users[each]), "")

    def _forward(self, sender: str, message: Outgoing) -> None:
        states = dict(self.states)
        if not self._joined():
            self.states = dict.fromkeys(states, LinkState.CUT)
        super()._forward(sender, message)
        self.states = states

    def _ends_turn(self, connector: str, initiator: str, *, up: bool) -> None:
        why = self._stopped()
        if not up or not why:
            super()._ends_turn(connector, initiator, up=up)
        elif "password" in why:
            (bridge,) = (each for each in self.plan.bridges if each.connector == connector)
            self._say(self._refusing(bridge), f"Failed to add Connection due to {why}", "password-invalid")
        else:
            self._say(initiator, "Could not start network bridge: Connect timed out", "connection-timed-out")

    def _ends(self, connector: str, initiator: str) -> list[BridgeSeen]:
        ends = super()._ends(connector, initiator)
        return [
            each.with_fields(remote_address=f"tcp://192.0.2.1:{CAME_FROM if each.created_by_duplex else OPENWIRE}")
            for each in ends
        ]
