"""A broker that is stopped or killed comes back as the one it was: names, addresses, ports, store, bridge."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import pytest

from lab.runtime.messages import Destination, Outgoing, Terms
from tests.integration.labs import Ear, Standing, eventually, output_of

pytestmark = [pytest.mark.docker, pytest.mark.release]


def identity(lab: Standing, broker: str) -> dict[str, Any]:
    """Return what must stay over a restart, as the engine and the broker show it."""
    container = lab.broker(broker)
    (network,) = container.attrs["NetworkSettings"]["Networks"].values()
    return {
        "container": container.id,
        "hostname": container.attrs["Config"]["Hostname"],
        "address": network["IPAddress"],
        "store": output_of(container, "ls", "/var/lib/activemq"),
        "ports": lab.router.attrs["NetworkSettings"]["Ports"],
    }


def send(lab: Standing, broker: str, queue: Destination, bodies: list[bytes]) -> None:
    ear = Ear()
    with closing(lab.lab.connect(client="sender", broker=broker, over="stomp", user="tester", events=ear)) as client:
        for number, body in enumerate(bodies):
            client.publish(
                Outgoing(
                    id=str(number), destination=queue, body=body, headers={}, qos=0, persistent=True, retained=False
                )
            )
        assert eventually(lambda: list(ear.outcomes.values()) == ["ok"] * len(bodies), 60), ear.outcomes


@pytest.mark.parametrize(("broker", "how"), [("ashburn", "stop"), ("dublin", "kill")])  # the bridge's two ends
def test_a_broker_comes_back_with_all_it_had(shores_lab: Standing, how: str, broker: str) -> None:
    queue = Destination(kind="queue", name=f"kept.{how}.{broker}")
    bodies = [f"{how} {number}".encode() for number in range(20)]
    send(shores_lab, broker, queue, bodies)
    before = identity(shores_lab, broker)

    container = shores_lab.broker(broker)
    if how == "stop":
        container.stop(timeout=60)
        container.reload()
        assert container.attrs["State"]["ExitCode"] == 143, "it ended by itself when asked to"
    else:
        container.kill()
        container.wait(timeout=60)
    assert not shores_lab.is_up(broker)
    shores_lab.start(broker)

    assert eventually(lambda: shores_lab.is_up(broker), 120)
    assert identity(shores_lab, broker) == before
    ear = Ear()
    with closing(
        shores_lab.lab.connect(client="receiver", broker=broker, over="stomp", user="tester", events=ear)
    ) as client:
        client.subscribe(Terms(destination=queue))
        assert eventually(lambda: len(ear.bodies) >= len(bodies), 60)
    assert ear.bodies == bodies
    assert eventually(shores_lab.bridged, 120)
