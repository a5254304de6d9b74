"""What the steps on peerings, routes and security groups share."""

from __future__ import annotations

from typing import ClassVar

from lab.declare.steps.base import Fault, Step


class OnNetwork(Step):
    """A step that changes who may talk to whom."""

    fault = Fault.NETWORK
    refused_at: ClassVar[str] = "peering"  # the field that a refusal is shown at
