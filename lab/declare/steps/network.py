"""What the steps on peerings, routes and security groups share."""

from __future__ import annotations

from abc import abstractmethod
from datetime import timedelta
from typing import ClassVar

from lab.declare.steps.base import Fault, Step
from lab.network.vpc import Network


class OnNetwork(Step):
    """A step that changes who may talk to whom."""

    fault = Fault.NETWORK
    refused_at: ClassVar[str] = "peering"  # the field that a refusal is shown at

    @abstractmethod
    def decide(self, network: Network, at: timedelta) -> Network:
        """Return the network after it; InputError where EC2 would refuse. `at` is for how long the lab has stood."""
