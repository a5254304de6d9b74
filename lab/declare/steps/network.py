"""What the steps on peerings, routes and security groups share."""

from __future__ import annotations

from lab.declare.steps.base import Fault, Step


class OnNetwork(Step):
    """A step that changes who may talk to whom."""

    fault = Fault.NETWORK
