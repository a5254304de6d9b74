"""Which broker a configuration is made for. Holds names only: passwords are in `files.BrokerSecrets`."""

from __future__ import annotations

from dataclasses import dataclass

from lab.amazonmq.deployment import DeploymentMode


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
