"""A recording as a field of a step, apart from other files, so that its reader is loaded only for such a step."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from lab.declare.file_fields import NamedFile
from lab.declare.recordings import Summary


class RecordingFile(NamedFile):
    """A recording, or the history of a run; it is looked through with the scenario."""

    file: Path = Field(default=Path(), exclude=True, repr=False)
    """The path of the file, once it is resolved."""
    summary: Summary | None = Field(default=None, exclude=True, repr=False)
    """The summary of the recording, once the file is read; a history has none."""
