"""The facts that Amazon MQ keeps of brokers and configurations and the lab has no effect for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, replace
from typing import Self

from lab.base.dataclass import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Logs:
    """Which logs of a broker are published."""

    general: bool = False
    audit: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerFacts:
    """The facts of a broker beside its record in the account."""

    name: str  # unique in its region; the account's name is unique in the lab
    region: str
    arn: str
    instance_type: str
    subnets: tuple[str, ...] = ()
    auto_minor_version_upgrade: bool = True
    storage_type: str = "efs"
    kms_key: str = ""
    logs: Logs = field(default_factory=Logs)
    request_token: str = ""  # `creatorRequestId`
    pending_instance_type: str = ""
    pending_logs: Logs | None = None

    def applied(self) -> Self:
        """Return the facts after a reboot."""
        return replace(
            self,
            instance_type=self.pending_instance_type or self.instance_type,
            logs=self.logs if self.pending_logs is None else self.pending_logs,
            pending_instance_type="",
            pending_logs=None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigurationFacts:
    """The facts of a configuration beside its revisions."""

    name: str  # unique in its region
    region: str
    arn: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MqRecords:
    """The records of Amazon MQ."""

    brokers: Mapping[str, BrokerFacts] = field(default_factory=dict)  # by id
    configurations: Mapping[str, ConfigurationFacts] = field(default_factory=dict)  # by id
    tags: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # by ARN
