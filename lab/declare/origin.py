"""Where a Scenario came from: the place of every key and value, and copies of its files without passwords."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from lab.errors import Place
from lab.masking import Mask

Keys = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile:
    """A copy of a file that can be kept: passwords are masked, and `name` never leads out of a folder."""

    name: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Places by path, such as ("steps", 0, "publish", "broker"); empty for a scenario that no file holds."""

    values: Mapping[Keys, Place] = field(default_factory=dict)
    keys: Mapping[Keys, Place] = field(default_factory=dict)
    sources: tuple[SourceFile, ...] = ()
    mask: Mask = field(default_factory=Mask)  # of its passwords, for whatever else is kept or shown of it

    def place(self, *path: str | int) -> Place | None:
        """Return the place of a value, or of the nearest thing around it that was written."""
        found = self.values.get(())
        reached: Keys = ()
        for step in path:
            # What was not written (a default, the name of a choice) is stepped over.
            if (*reached, step) in self.values:
                reached = (*reached, step)
                found = self.values[reached]
        return found

    def key(self, *path: str | int) -> Place | None:
        """Return the place of a key, or of the nearest thing around it that was written."""
        return self.keys.get(path) or self.place(*path)
