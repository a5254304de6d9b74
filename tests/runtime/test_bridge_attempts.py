"""What a lab's status says of a bridge that is down."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab import labs
from lab.runtime.status import waiting_since

HOST = "b-1.mq.example.com"
AT = "2026-01-05T00:0{}:11.085Z {} [model] "
TRIES = f"DiscoveryNetworkConnector | Establishing network connection from vm://tokyo to ssl://{HOST}:61617"
FAILS = f"DiscoveryNetworkConnector | Could not start network bridge to ssl://{HOST}:61617 due to: Connection refused"
UP = f"DemandForwardingBridgeSupport | Network connection between vm://tokyo#0 and ssl://{HOST} has been established"
OTHER = FAILS.replace("b-1", "b-2")


@pytest.mark.parametrize(
    ("texts", "error"),
    [
        ((TRIES, FAILS), "00:01:11"),
        ((TRIES, FAILS, TRIES), ""),
        ((TRIES, FAILS, TRIES, FAILS), "00:03:11"),
        ((TRIES, UP), ""),
        ((TRIES, UP, OTHER), ""),
        ((), ""),
    ],
)
def test_an_error_without_an_attempt_after_it_is_told_with_its_time(texts: tuple[str, ...], error: str) -> None:
    lines = [AT.format(number, "INFO ") + text for number, text in enumerate(texts)]
    expected = f"no attempt was made since its last error, at {error} UTC" if error else ""
    assert waiting_since([*lines, "\tat java.lang.Thread.run(Thread.java:1)"], [HOST]) == expected


def test_a_bridge_whose_link_is_healed_waits_for_its_next_attempt(tmp_path: Path) -> None:
    with labs.up("tokyo-singapore", runtime="simulation", runs=tmp_path, environment={}) as lab:
        plan = lab.lab.note.plan
        bridge = plan.bridges[0]
        hosts = [each.host_name for each in plan.broker(bridge.responder).instances]
        lab.cut()
        assert "is cut" in lab.status().bridges[0].why_not or lab.status().bridges[0].up
        lab.wait(lambda: bool(waiting_since(lab.logs(bridge.initiator), hosts)), within=300)
        lab.heal()
        assert lab.status().bridges[0].why_not.startswith("no attempt was made since its last error, at ")
        lab.wait(lambda: lab.bridged(bridge.connector), within=120)
        assert lab.status().bridges[0].why_not == ""
