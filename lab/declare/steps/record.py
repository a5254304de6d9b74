"""The base class of steps on Amazon MQ's record of a broker."""

from __future__ import annotations

from lab.declare.fields import Name
from lab.declare.steps.service import OfService


class OnRecord(OfService):
    """A step that changes Amazon MQ's record of a broker."""

    broker: Name
    """The broker that the step acts on."""
