"""Which bridges are up, as their ends come and go."""

from __future__ import annotations

from lab.history import BridgeSeen
from lab.plan.values import BridgePlan
from lab.replay.bridges import BridgeEnds

ORDERS, NEWS = (
    BridgePlan(connector=name, initiator="tokyo", responder="singapore", duplex=True, user="bridge")
    for name in ("orders", "news")
)


def end(connector: str, broker: str, t: float, *, up: bool = True) -> BridgeSeen:
    """Return a look at an end; Singapore's are created by duplex."""
    far = broker == "singapore"
    remote = "tokyo" if far else "singapore"
    address = f"tcp://{connector}:1"
    return BridgeSeen(
        t=t, connector=connector, broker=broker, remote=remote, remote_address=address, created_by_duplex=far, up=up
    )


def test_the_far_end_of_another_connector_is_not_taken_for_a_bridges_own() -> None:
    ends = BridgeEnds()
    for name in ("orders", "news"):
        ends.see(end(name, "tokyo", 0.0))
        ends.see(end(name, "singapore", 0.0))
    ends.see(end("orders", "singapore", 5.0, up=False))
    assert (ends.state(ORDERS), ends.state(NEWS)) == ("initiator", "both-ends")
    assert not ends.is_steady(ORDERS, 9.0)


def test_a_far_end_that_names_no_connector_counts_for_the_only_one() -> None:
    ends = BridgeEnds()
    ends.see(end("orders", "tokyo", 0.0))
    ends.see(end("", "singapore", 0.0))
    assert ends.state(ORDERS) == "both-ends" and ends.is_steady(ORDERS, 1.0)
