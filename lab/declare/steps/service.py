"""What the steps that Amazon MQ itself is asked for share."""

from __future__ import annotations

from lab.declare.fields import Name
from lab.declare.steps.base import Step


class OfService(Step):
    """A step that is done in the service."""


class OfUser(OfService):
    """A step that changes a user, from the broker's next reboot on."""

    broker: Name
    user: str
