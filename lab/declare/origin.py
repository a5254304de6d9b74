"""The origin of a Scenario: the place of every key and value, and copies of its files without passwords."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field, replace

from lab.base.dataclass import dataclass
from lab.base.masking import Mask
from lab.errors import Place, Problem

Keys = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile:
    """A copy of a file with passwords masked; `name` is a relative path that never leads out of its folder."""

    name: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Places by path, such as ("steps", 0, "publish", "broker"); empty for a scenario that no file holds."""

    values: Mapping[Keys, Place] = field(default_factory=dict)
    keys: Mapping[Keys, Place] = field(default_factory=dict)
    sources: tuple[SourceFile, ...] = ()
    set: Mapping[str, str] = field(default_factory=dict)  # what was set from outside or by a variant, KEY → VALUE
    fails: tuple[str, ...] = ()  # of a failing variant: texts in the reasons of failed verdicts
    topology_alone: bool = False  # the file is a topology's, of which a scenario without steps was made
    mask: Mask = field(default_factory=Mask)  # masks the scenario's passwords in any other text that is kept or shown

    def place(self, *path: str | int) -> Place | None:
        """Return the place of a value, or of the nearest written value around it; None without files."""
        found = self.values.get(())
        reached: Keys = ()
        for step in path:
            # A part that was not written (a default, the tag of a union) is skipped.
            if (*reached, step) in self.values:
                reached = (*reached, step)
                found = self.values[reached]
        return found

    def key(self, *path: str | int) -> Place | None:
        """Return the place of a key, or of the nearest written value around it; None without files."""
        return self.keys.get(path) or self.place(*path)


def without_passwords(problems: Sequence[Problem], mask: Mask) -> tuple[Problem, ...]:
    """Return problems in which neither a text nor a file name quotes a password."""
    return tuple(
        replace(
            each,
            what=mask.text(each.what),
            remedy=mask.text(each.remedy),
            place=each.place and replace(each.place, file=mask.text(each.place.file)),
        )
        for each in problems
    )
