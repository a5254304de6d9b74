"""When a bridge is as it was claimed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from lab.declare.expectations.base import Term
from lab.declare.expectations.bridge import Bridge
from lab.plan.values import BridgePlan
from lab.replay.bridges import STEADY, of_connector, state
from lab.replay.rehearsal import Rehearsal

_UP, _DOWN = ("both-ends", "initiator"), ("nowhere",)
_BRINGS = {
    "heal": _UP, "cut": _DOWN, "reject": _DOWN, "impair": (), "flap": _UP,
    "start": _UP, "reboot": _UP, "resume": _UP, "stop": _DOWN, "kill": _DOWN, "pause": _DOWN,
    "connector": (*_UP, *_DOWN), "update-broker": _UP,
    "create-peering": (), "accept-peering": _UP, "reject-peering": (), "delete-peering": _DOWN,
    "create-route": _UP, "delete-route": _DOWN, "authorize-ingress": _UP, "revoke-ingress": (),
    "create-broker": _UP, "delete-broker": _DOWN,
}  # fmt: skip
_FAILS_OVER = ("stop", "kill")


def come_true(rehearsal: Rehearsal, claim: Bridge, term: Term) -> Callable[[], bool]:
    """Return whether the bridge is as claimed and stays so, if that is what the step brings about; else never."""
    bridges = of_connector(rehearsal, claim.connector, claim.broker)

    def stands() -> bool:
        # Also since the step: what it takes down is seen a moment later.
        steady = rehearsal.now() - max(rehearsal.ends_changed, rehearsal.last_change[term.after]) >= STEADY
        return steady and bool(bridges) and all(state(rehearsal, bridge) == claim.up for bridge in bridges)

    return stands if claim.up in _brought(rehearsal, term.after, bridges) else lambda: False


def _brought(rehearsal: Rehearsal, verb: str, bridges: Sequence[BridgePlan]) -> Sequence[str]:
    """Tell how bridges may be after such a step; one to or from a pair comes back through the other instance."""
    ends = {end for bridge in bridges for end in (bridge.initiator, bridge.responder)}
    pair = any(len(rehearsal.plan.broker(end).instances) > 1 for end in ends)
    return _UP if pair and verb in _FAILS_OVER else _BRINGS[verb]
