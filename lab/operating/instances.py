"""A broker's instances, stopped and started one at a time, and recorded."""

from __future__ import annotations

from lab.history import BrokerChanged
from lab.operating.control_plane import ControlPlane


def stop(plane: ControlPlane, broker: str, number: int, within: float) -> str:
    """Stop an instance; return words if it had to be killed after `within` seconds, else ""."""
    plane.record(_changed(plane, broker, number, "stopping"))
    changed = plane.lab.stop(broker, within=within, instance=number)
    plane.record(changed)
    return f"it had not ended within {within:g} s, and was killed" if changed.state == "killed" else ""


def start(plane: ControlPlane, broker: str, number: int, within: float, of: str) -> str:
    """Start an instance and wait until its endpoints listen, or it could take over.

    Return words if that takes longer than `within` seconds, else ""; `of` names the verb in them.
    """
    since = plane.lab.clock.now()
    plane.record(plane.lab.start(broker, number))
    if not plane.wait(lambda: plane.lab.started(broker, number), within):
        return plane.report_late(broker, number, since=since, within=within, of=of)
    plane.record(_changed(plane, broker, number, "started"))
    return ""


def numbers(plane: ControlPlane, broker: str) -> tuple[int, ...]:
    """Return the numbers of a broker's instances."""
    return tuple(each.number for each in plane.plan.broker(broker).instances)


def _changed(plane: ControlPlane, broker: str, number: int, state: str) -> BrokerChanged:
    t = plane.lab.clock.now()
    if len(numbers(plane, broker)) == 1:
        return BrokerChanged(t=t, broker=broker, state=state)
    standby = plane.lab.active(broker) not in (None, number)
    return BrokerChanged(t=t, broker=broker, state=state, instance=number, standby=standby)
