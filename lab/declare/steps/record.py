"""What the steps on what Amazon MQ keeps of a broker share."""

from __future__ import annotations

from lab.declare.fields import Name
from lab.declare.steps.service import OfService


class OnRecord(OfService):
    """A step that changes what the service keeps of a broker."""

    broker: Name
