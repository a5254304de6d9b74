"""How many instances a broker has, and what they are called: one, or an active and a standby on one shared store."""

from __future__ import annotations

from enum import StrEnum


class DeploymentMode(StrEnum):
    """The service's deployment modes of ActiveMQ brokers."""

    SINGLE_INSTANCE = "SINGLE_INSTANCE"
    ACTIVE_STANDBY_MULTI_AZ = "ACTIVE_STANDBY_MULTI_AZ"

    @property
    def instances(self) -> tuple[int, ...]:
        """Return the numbers of the instances: the end of each one's host name."""
        return (1, 2) if self is DeploymentMode.ACTIVE_STANDBY_MULTI_AZ else (1,)

    def instance_name(self, broker: str, number: int) -> str:
        """Return what an instance is called: as its broker where it is the only one, else with its number behind it."""
        return f"{broker}-{number}" if len(self.instances) > 1 else broker
