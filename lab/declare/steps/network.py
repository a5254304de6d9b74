"""The base class of steps on peerings, routes and security groups."""

from __future__ import annotations

from abc import abstractmethod
from datetime import timedelta
from typing import ClassVar

from lab.declare.steps.base import Fault, Part, Step
from lab.network.vpc import Network


class OnNetwork(Step):
    """A step that changes which VPCs and brokers may talk to each other."""

    fault = Fault.NETWORK
    changes = Part.NETWORK
    refused_at: ClassVar[str] = "peering"  # the field that a refusal is shown at

    @abstractmethod
    def decide(self, network: Network, at: timedelta) -> Network:
        """Return the network after the step; raise InputError if EC2 refuses it. `at` is the lab's age."""
