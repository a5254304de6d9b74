"""Which broker a configuration is made for. Holds names only: passwords are in `files.BrokerSecrets`."""

from __future__ import annotations

from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True, kw_only=True)
class UserIdentity:
    """A user as a broker's file names it."""

    name: str
    groups: tuple[str, ...] = ()
    console_access: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerIdentity:
    """A broker's names, users and versions."""

    name: str
    broker_id: str
    aws_region: str
    host_names: tuple[str, ...]  # of its instances, in their order
    users: tuple[UserIdentity, ...]
    engine_version: str
    activemq_version: str
    deployment_mode: DeploymentMode = DeploymentMode.SINGLE_INSTANCE
