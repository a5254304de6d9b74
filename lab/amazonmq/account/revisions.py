"""A configuration as Amazon MQ stores it: a name, an engine version, and revisions that never change.

Pure values: the time is handed in, and nothing is applied to a broker. One configuration may serve several brokers,
each at its own revision. The wording of the first revision and of the refusals is assumed: AWS's is not known.
"""

from __future__ import annotations

import difflib
from dataclasses import replace
from datetime import datetime

from lab.amazonmq.configurations import reasons
from lab.amazonmq.configurations.configuration import read
from lab.amazonmq.configurations.default_configuration import default_configuration
from lab.amazonmq.configurations.permitted_elements import permitted
from lab.amazonmq.configurations.sanitising import Sanitised, sanitise
from lab.amazonmq.names import check_configuration_name, derived_configuration_id
from lab.amazonmq.quotas import REVISIONS_PER_CONFIGURATION
from lab.base.dataclass import dataclass
from lab.errors import InputError


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """One numbered text of a configuration, as it was saved: sanitised."""

    number: int
    created: datetime
    description: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedConfiguration:
    """A configuration with all its revisions, the oldest first."""

    id: str
    name: str
    engine_version: str
    revisions: tuple[Revision, ...]

    @property
    def latest(self) -> Revision:
        """The newest revision: the one a person edits."""
        return self.revisions[-1]

    def revision(self, number: int) -> Revision:
        """Return the revision of a number, from 1; raise InputError if there is none."""
        if 1 <= number <= len(self.revisions):
            return self.revisions[number - 1]
        raise InputError.of(
            f"the configuration {self.name} has no revision {number}",
            f"write one of its revisions: 1 to {len(self.revisions)}",
        )

    def compare(self, before: int, after: int) -> str:
        """Return the changes from one revision to another as a unified diff."""
        old, new = self.revision(before), self.revision(after)
        lines = difflib.unified_diff(
            old.text.splitlines(), new.text.splitlines(), self._label(old), self._label(new), lineterm="", n=3
        )
        return "".join(f"{line}\n" for line in lines)

    def _label(self, revision: Revision) -> str:
        return f"{self.name} revision {revision.number}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """The result of a save: the configuration with the new revision, and the settings removed from the text."""

    configuration: SavedConfiguration
    sanitised: Sanitised


def create(name: str, engine_version: str, at: datetime) -> SavedConfiguration:
    """Return a new configuration, its first revision the service's default; raise InputError if a part is invalid."""
    if reason := check_configuration_name(name):
        raise InputError.of(reason)
    found = permitted(engine_version)
    if found is None:
        raise InputError.of(*reasons.no_list(engine_version))
    words = f"Auto-generated default for {name} on ActiveMQ {found.version}"
    first = Revision(number=1, created=at, description=words, text=default_configuration().text)
    return SavedConfiguration(
        id=derived_configuration_id(name), name=name, engine_version=engine_version, revisions=(first,)
    )


def save(configuration: SavedConfiguration, text: bytes, at: datetime, *, description: str = "", file: str) -> Saved:
    """Save a whole text, sanitised, as the next revision; raise InputError if it is invalid or the limit is reached."""
    if len(configuration.revisions) >= REVISIONS_PER_CONFIGURATION:
        raise InputError.of(
            f"the configuration {configuration.name} has {len(configuration.revisions)} revisions, "
            "the most that Amazon MQ keeps",
            "create another configuration",
        )
    sanitised = sanitise(read(text, file), configuration.engine_version)
    added = Revision(number=configuration.latest.number + 1, created=at, description=description, text=sanitised.text)
    return Saved(configuration=replace(configuration, revisions=(*configuration.revisions, added)), sanitised=sanitised)
