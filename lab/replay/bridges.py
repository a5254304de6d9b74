"""How a bridge is now, by what the brokers have shown of its ends."""

from __future__ import annotations

from lab.plan.values import BridgePlan
from lab.replay.rehearsal import Rehearsal

STEADY = 1.0  # seconds that a bridge must have stood still: one that cannot log in flickers at every attempt


def of_connector(rehearsal: Rehearsal, connector: str, broker: str | None) -> list[BridgePlan]:
    """Return the bridges that a connector makes, of one broker's configuration or of all."""
    return [
        bridge
        for bridge in rehearsal.plan.bridges
        if bridge.connector == connector and broker in (None, bridge.initiator)
    ]


def state(rehearsal: Rehearsal, bridge: BridgePlan) -> str:
    """Tell at which ends a bridge is up; a responder does not always know its connector's name."""
    ends = rehearsal.ends_up
    near = (bridge.connector, bridge.initiator, bridge.responder, False) in ends
    far = any(
        (broker, remote, by_duplex) == (bridge.responder, bridge.initiator, True)
        for _, broker, remote, by_duplex in ends
    )
    return "both-ends" if near and far else "initiator" if near else "responder" if far else "nowhere"


def stands(rehearsal: Rehearsal, bridge: BridgePlan) -> bool:
    """Return whether a bridge is up at all ends that it has, and has been for long enough to believe it."""
    between = {bridge.initiator, bridge.responder}
    changes = [t for (_, broker, remote, _), t in tuple(rehearsal.ends_up.items()) if {broker, remote} == between]
    wanted = "both-ends" if bridge.duplex else "initiator"
    return state(rehearsal, bridge) == wanted and rehearsal.now() - max(changes) >= STEADY
