"""All counters of one simulated broker, as a snapshot has them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lab.history import Counted, SnapshotTaken
from lab.simulation.broker_process import BrokerProcess


def read(snapshot: str, broker: str, process: BrokerProcess, t: float) -> tuple[Counted | SnapshotTaken, ...]:
    """Return a broker's part of a snapshot."""
    return (
        *(Counted(t=t, snapshot=snapshot, broker=broker, **{"name": broker, **each}) for each in _counted(process)),
        SnapshotTaken(t=t, snapshot=snapshot, broker=broker),
    )


def silent(snapshot: str, broker: str, t: float) -> tuple[SnapshotTaken, ...]:
    """Return the part of a snapshot of a broker that does not answer."""
    return (SnapshotTaken(t=t, snapshot=snapshot, broker=broker, answered=False),)


def _counted(process: BrokerProcess) -> Iterator[dict[str, Any]]:
    counters = process.broker.counters()
    yield {"of": "broker", "counters": counters.broker, "session": process.id}
    for name, its in sorted(counters.destinations.items()):
        yield {"of": "destination", "name": name, "counters": its}
    if process.wire is None:
        return
    for end in process.wire.bridges():
        yield {
            "of": "bridge",
            "name": end.connector,
            "remote": end.remote,
            "counters": {"enqueued": end.enqueued, "dequeued": end.dequeued, "received": end.received},
            "session": f"{process.id} {end.remote_address}",  # new at each reconnect
        }
    for name, number in sorted(process.wire.connections().items()):
        if number:
            yield {"of": "connector", "name": name, "counters": {"connections": number}}
