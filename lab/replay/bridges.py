"""How each bridge is now, by what the brokers have shown of its ends."""

from __future__ import annotations

from lab.history import BridgeSeen
from lab.plan.values import BridgePlan, Plan

STEADY = 1.0  # seconds that a bridge must have stood still: one that cannot log in flickers at every attempt


class BridgeEnds:
    """The ends that are up, each with the moment it came."""

    def __init__(self) -> None:
        self.changed = 0.0  # when one last came or went
        self._up: dict[tuple[str, str, str, bool], float] = {}  # by connector, broker, remote, created by duplex
        self._at: dict[tuple[str, str, str, bool], set[str]] = {}  # of each, the addresses: a new one may come first

    def see(self, seen: BridgeSeen) -> None:
        """Take in that an end is up or down at some address."""
        end = (seen.connector, seen.broker, seen.remote, seen.created_by_duplex)
        at = self._at.setdefault(end, set())
        if seen.up:
            at.add(seen.remote_address)
            if end not in self._up:
                self._up[end] = self.changed = seen.t
        else:
            at.discard(seen.remote_address)
            if not at and self._up.pop(end, None) is not None:
                self.changed = seen.t

    def state(self, bridge: BridgePlan) -> str:
        """Return at which ends a bridge is up; a responder does not always know its connector's name."""
        near = (bridge.connector, bridge.initiator, bridge.responder, False) in self._up
        far = any(
            (broker, remote, by_duplex) == (bridge.responder, bridge.initiator, True)
            for _, broker, remote, by_duplex in self._up
        )
        return "both-ends" if near and far else "initiator" if near else "responder" if far else "nowhere"

    def stands(self, bridge: BridgePlan, now: float) -> bool:
        """Return whether a bridge is up at all ends that it has, and has been for long enough to believe it."""
        between = {bridge.initiator, bridge.responder}
        changes = [t for (_, broker, remote, _), t in tuple(self._up.items()) if {broker, remote} == between]
        wanted = "both-ends" if bridge.duplex else "initiator"
        return self.state(bridge) == wanted and now - max(changes) >= STEADY


def of_connector(plan: Plan, connector: str, broker: str | None) -> list[BridgePlan]:
    """Return the bridges that a connector makes, of one broker's configuration or of all."""
    return [each for each in plan.bridges if each.connector == connector and broker in (None, each.initiator)]
