"""The step `create-configuration`."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from lab.activemq import releases
from lab.amazonmq.account import configurations
from lab.amazonmq.account.account import Account
from lab.declare.steps.service import OfService


class CreateConfiguration(OfService):
    """Create a configuration from Amazon MQ's default for its engine version."""

    verb: ClassVar[str] = "create-configuration"
    configuration: str
    """The name of the new configuration."""
    engine_version: str = releases.DEFAULT
    """The engine version of the configuration."""

    def words(self) -> str:
        """Return the step in one line, for people."""
        return f"create the configuration {self.configuration} for engine version {self.engine_version}"

    def decide(self, account: Account, machine: datetime) -> Account:
        """Return the account after the step."""
        return configurations.create_configuration(
            account, self.configuration, self.engine_version, account.now(machine)
        )
