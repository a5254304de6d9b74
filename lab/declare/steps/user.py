"""The base class of steps on a broker's users."""

from __future__ import annotations

from lab.declare.steps.record import OnRecord


class OfUser(OnRecord):
    """A step that changes a user, from the broker's next reboot on."""

    user: str
