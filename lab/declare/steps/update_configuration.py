"""The step `update-configuration`."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from lab.amazonmq.account import configurations
from lab.amazonmq.account.account import Account
from lab.amazonmq.account.configurations import Updated
from lab.declare.steps.service import OfService
from lab.declare.topology import ConfigurationFile


class UpdateConfiguration(OfService):
    """Save a file as the next revision of a configuration; no broker changes."""

    verb: ClassVar[str] = "update-configuration"
    configures = True
    configuration: str
    """The name of the configuration."""
    file: ConfigurationFile
    """The path of the XML file, relative to this file."""
    description: str = ""
    """The description of the revision, for people."""

    def words(self) -> str:
        """Return the step in one line, for people."""
        described = f" ({self.description})" if self.description else ""
        return f"save {self.file.file.rpartition('/')[2]} as {self.configuration}'s next revision{described}"

    def decide(self, account: Account, machine: datetime) -> Account:
        """Return the account after the step."""
        return self.update(account, machine).account

    def update(self, account: Account, machine: datetime) -> Updated:
        """Return the account after the step, the revision's number, and the settings removed from the text."""
        return configurations.update_configuration(
            account,
            self.configuration,
            self.file.text.encode(),
            account.now(machine),
            description=self.description,
            file=self.file.file,
        )
