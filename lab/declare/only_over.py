"""The mark of a field that only some protocols have, with these protocols."""

from __future__ import annotations

from lab.base.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class OnlyOver:
    """A mark on a field that has a meaning over some protocols only."""

    protocols: tuple[str, ...]
    instead: str = ""  # the remedy over another protocol


MQTT, NOT_MQTT = OnlyOver(("mqtt",)), OnlyOver(("stomp", "amqp"))
