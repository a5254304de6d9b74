"""A recording as a field of a step, apart from other files: what reads it is not loaded where no step names one."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from lab.declare.file_fields import NamedFile
from lab.recordings import Summary


class RecordingFile(NamedFile):
    """A recording, or the history of a run; it is looked through with the scenario."""

    file: Path = Field(default=Path(), exclude=True, repr=False)
    summary: Summary | None = Field(default=None, exclude=True, repr=False)  # None: nobody looked, as in a history
