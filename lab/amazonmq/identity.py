"""Which broker a configuration is made for. Holds names only: passwords are in `files.BrokerSecrets`."""

from __future__ import annotations

from dataclasses import dataclass


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
    host_name: str
    users: tuple[UserIdentity, ...]
    engine_version: str
    activemq_version: str
