"""What opens a Plan on this machine and answers for the labs that it opened: known to the rest by its name."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol, Self

from pydantic import SecretStr

from lab.plan.values import Plan
from lab.runtime.lab import StandingLab
from lab.runtime.note import Note
from lab.runtime.progress import Progress, Told

Passwords = Mapping[str, Mapping[str, SecretStr]]  # broker → user → password


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """All that a lab is opened with."""

    plan: Plan
    run: str
    scenario: str
    folder: Path  # the run folder
    note_folder: Path
    passwords: Passwords
    detached: bool = False
    replaying: bool = False  # a scenario's steps are what changes it, and nothing else does
    reboot_time: float = 0.0  # seconds that a reboot leaves a broker down
    service_time: datetime | None = None  # where the service's clock begins; at the machine's time when left out


class Ready(Protocol):
    """A machine that has all that a Plan needs; nothing of the lab stands yet."""

    def open(self, opening: Opening, progress: Progress) -> AbstractContextManager[StandingLab]:
        """Open a lab and remove it at the end of the block; a detached one is left alone once it stands."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing of this machine looked at; `ok` None means that it may hurt and need not."""

    what: str
    ok: bool | None
    found: str
    remedy: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """What brokers or links are started from, made once and kept on this machine."""

    name: str
    size: int  # bytes
    created: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Leftover:
    """What is there of one lab."""

    run: str
    created: str
    counts: Mapping[str, int]  # what it is made of, and how many of each
    words: str  # the same in words


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """What a sweep came upon."""

    removed: tuple[Leftover, ...]
    alive: int  # labs that it left alone


class Runtime(Protocol):
    """One way of having labs on this machine. What its own libraries raise it puts into words, as errors of ours."""

    @property
    def name(self) -> str:
        """Return its name, as notes and histories have it."""
        ...

    def __enter__(self) -> Self:
        """Return itself; the labs go on after the block."""
        ...

    def __exit__(self, *of: object) -> None: ...

    def prepare(self, plan: Plan, told: Told, *, archive: Path | None = None) -> Ready:
        """Have what a Plan needs of this machine; HostError, InputError where that cannot be."""
        ...

    def standing(self, note_folder: Path) -> tuple[Note, ...]:
        """Return the notes of its labs that stand, the oldest first; HostError where none could be reached."""
        ...

    def attach(self, note: Note, note_folder: Path) -> AbstractContextManager[StandingLab]:
        """Reach a lab that stands, whichever process opened it; it goes on after the block."""
        ...

    def end(self, note: Note, note_folder: Path) -> int:
        """End a lab, save its logs and remove everything of it; return how many things that were."""
        ...

    def sweep(self, note_folder: Path, *, every: bool, dry_run: bool) -> Swept:
        """Remove what dead runs left behind, or every lab; with `dry_run` only say what that would be."""
        ...

    def images(self, told: Told, *, version: str | None, archive: Path | None) -> tuple[Image, ...]:
        """Make what is missing of the images, and return all that there are."""
        ...

    def examine(self) -> tuple[Finding, ...]:
        """Look at whether this machine has what a lab needs."""
        ...
