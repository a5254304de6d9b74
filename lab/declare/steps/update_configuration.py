"""The step `update-configuration`."""

from __future__ import annotations

from typing import ClassVar

from lab.declare.steps.service import OfService
from lab.declare.topology import Configuration


class UpdateConfiguration(OfService):
    """A whole text is saved as a configuration's next revision; no broker changes by that."""

    verb: ClassVar[str] = "update-configuration"
    configuration: str
    file: Configuration
    description: str = ""

    def words(self) -> str:
        """Return the step in one line, for people."""
        described = f" ({self.description})" if self.description else ""
        return f"save {self.file.file.rpartition('/')[2]} as {self.configuration}'s next revision{described}"
