"""The current state of each bridge, from observations of its ends."""

from __future__ import annotations

from lab.history import BridgeSeen
from lab.plan.values import BridgePlan, Plan

STEADY_SECONDS = 1.0  # for which a bridge must be up: without a login it goes up and down at every attempt


class BridgeEnds:
    """The ends that are up, each with the moment at which it came up."""

    def __init__(self) -> None:
        self.changed = 0.0  # when an end last came up or went down
        self._up: dict[tuple[str, str, str, bool], float] = {}  # by connector, broker, remote, created by duplex
        self._at: dict[
            tuple[str, str, str, bool], set[str]
        ] = {}  # its addresses: a new one may come up before the old one goes

    def see(self, observation: BridgeSeen) -> None:
        """Note that an end is up or down at an address."""
        end = (observation.connector, observation.broker, observation.remote, observation.created_by_duplex)
        at = self._at.setdefault(end, set())
        if observation.up:
            at.add(observation.remote_address)
            if end not in self._up:
                self._up[end] = self.changed = observation.t
        else:
            at.discard(observation.remote_address)
            if not at and self._up.pop(end, None) is not None:
                self.changed = observation.t

    def state(self, bridge: BridgePlan) -> str:
        """Return the ends at which a bridge is up: "both-ends", "initiator", "responder" or "nowhere"."""
        near = (bridge.connector, bridge.initiator, bridge.responder, False) in self._up
        others = {
            connector
            for connector, broker, remote, by_duplex in self._at
            if (broker, remote, by_duplex) == (bridge.initiator, bridge.responder, False)
        } - {bridge.connector}
        # A responder does not always know the connector's name; where it does, the end may be another connector's.
        far = any(
            (broker, remote, by_duplex) == (bridge.responder, bridge.initiator, True) and connector not in others
            for connector, broker, remote, by_duplex in self._up
        )
        return "both-ends" if near and far else "initiator" if near else "responder" if far else "nowhere"

    def is_steady(self, bridge: BridgePlan, now: float) -> bool:
        """Return whether a bridge has been up at all its ends for at least STEADY_SECONDS seconds."""
        between = {bridge.initiator, bridge.responder}
        changes = [t for (_, broker, remote, _), t in tuple(self._up.items()) if {broker, remote} == between]
        wanted = "both-ends" if bridge.duplex else "initiator"
        return self.state(bridge) == wanted and now - max(changes) >= STEADY_SECONDS


def bridges_of(plan: Plan, connector: str, broker: str | None) -> list[BridgePlan]:
    """Return the bridges of a connector, in the configuration of one broker or, with None, of all."""
    return [each for each in plan.bridges if each.connector == connector and broker in (None, each.initiator)]
