"""The identity of the broker that a configuration is made for: names, no passwords (see `files.BrokerSecrets`)."""

from __future__ import annotations

from enum import StrEnum

from lab.base.dataclass import dataclass


class DeploymentMode(StrEnum):
    """The service's deployment modes of ActiveMQ brokers."""

    SINGLE_INSTANCE = "SINGLE_INSTANCE"
    ACTIVE_STANDBY_MULTI_AZ = "ACTIVE_STANDBY_MULTI_AZ"

    @property
    def instances(self) -> tuple[int, ...]:
        """Return the numbers of a broker's instances; a host name ends with its instance's number."""
        return (1, 2) if self is DeploymentMode.ACTIVE_STANDBY_MULTI_AZ else (1,)

    def instance_name(self, broker: str, number: int) -> str:
        """Return an instance's name: the broker's own if it has one instance, else `BROKER-NUMBER`."""
        return f"{broker}-{number}" if len(self.instances) > 1 else broker


@dataclass(frozen=True, slots=True, kw_only=True)
class UserIdentity:
    """A user as a broker's files name it: no password."""

    name: str
    groups: tuple[str, ...] = ()
    console_access: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerIdentity:
    """A broker's names, users and versions."""

    name: str
    broker_id: str
    aws_region: str
    host_names: tuple[str, ...]  # one per instance, in the order of their numbers
    users: tuple[UserIdentity, ...]
    engine_version: str
    activemq_version: str
    deployment_mode: DeploymentMode = DeploymentMode.SINGLE_INSTANCE
    observe: tuple[str, ...] = ()  # patterns of the destinations whose messages the lab's observer in the broker sees
