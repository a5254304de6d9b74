"""The protocol of a runtime, which opens Plans as labs on this machine, and is chosen by its name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol, Self

from pydantic import SecretStr

from lab.base.dataclass import dataclass
from lab.declare.scenario import Scenario
from lab.errors import InputError, Problem
from lab.plan.control import Control
from lab.plan.values import Plan
from lab.runtime.lab import StandingLab
from lab.runtime.profile import UNPROFILED, Profile
from lab.runtime.progress import Progress, Told
from lab.runtime.state_file import StateFile

AWS, LOCAL = "aws", "local"  # the endpoints of a lab
MOST_VPCS, MOST_PLACES = 5, 10  # of a lab that requests build; places for brokers in each VPC
Passwords = Mapping[str, Mapping[str, SecretStr]]  # broker → user → password


def checked_endpoints(name: str) -> str:
    """Return the name of endpoints; raise InputError for another word."""
    if name not in (AWS, LOCAL):
        raise InputError.of(f"the endpoints {name} are unknown", f"write {AWS} or {LOCAL}")
    return name


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """The arguments of opening a lab."""

    plan: Plan
    run: str
    scenario: str
    folder: Path  # the run folder
    note_folder: Path
    passwords: Passwords
    masked: frozenset[str] = field(default=frozenset(), repr=False)  # passwords of the scenario's files
    detached: bool = False
    replaying: bool = False  # a replay changes the lab, and commands do not
    reboot_time: float = 0.0  # seconds that a reboot leaves a broker down
    own_addresses: bool = False  # of this machine for each instance, with the ports of AWS, if it can have them
    service_time: datetime | None = None  # the service's clock at the opening; None: the machine's time
    profile: Profile = field(default=UNPROFILED, repr=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Addition:
    """A broker for a reserved place of an open lab, with its record, as for a broker for later."""

    broker: str
    plan: Plan  # with the broker
    control: Control
    passwords: Mapping[str, SecretStr]  # by user


class Ready(Protocol):
    """A machine that has all that a Plan needs, with nothing of the lab started."""

    @property
    def made_from(self) -> tuple[str, ...]:
        """Return the names of the images and parts of a lab; a changed recipe has another name."""
        ...

    @property
    def mixed(self) -> Mapping[str, str]:
        """Return the releases in which modules of another one run, each with these modules in words."""
        ...

    def settle(self, plan: Plan) -> Plan:
        """Return the Plan with the release that each broker will really run."""
        ...

    def open(self, opening: Opening, progress: Progress) -> AbstractContextManager[StandingLab]:
        """Open a lab and remove it at the end of the block; a detached lab stays once it has opened."""
        ...

    def add(self, lab: StandingLab, addition: Addition) -> None:
        """Add a broker to an open lab and start nothing; the caller holds the lab's turn, and a place is free."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The result of one examination of this machine."""

    what: str
    ok: bool | None  # None: it may cause trouble
    found: str
    remedy: str = ""
    names: tuple[str, ...] = ()  # all names of a list of which `found` has the first


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """An image that brokers or links are started from, made once and kept on this machine."""

    name: str
    size: int  # bytes
    created: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """The result of ending one lab."""

    parts: int  # containers and networks that were removed
    warnings: tuple[str, ...] = ()  # other facts for the user


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """A running detached lab whose state file is lost or damaged."""

    run: str
    runtime: str  # its name
    created: str
    folder: Path | None  # the run folder, if it is known
    counts: Mapping[str, int]  # kind of part → number
    scenario: str = "its state file is lost or damaged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Leftover:
    """The parts of one lab that are on this machine."""

    run: str
    created: str
    counts: Mapping[str, int]  # kind of part → number
    text: str  # the counts in words


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """The labs to remove, by label only. Default: the labs of ended runs."""

    run: str | None = None  # all of this one, by its whole id, alive or not
    every: bool = False  # every lab
    older_than: timedelta | None = None  # every lab that was opened longer ago, alive or not, and no other
    dry_run: bool = False  # only return what would be removed


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """The result of a sweep."""

    removed: tuple[Leftover, ...]
    alive: int  # labs that it left alone
    warnings: tuple[str, ...] = ()  # other facts for the user


class Runtime(Protocol):
    """A way to run labs on this machine. Errors of its own libraries are raised as those of `lab.errors`.

    >>> with runtime as its, its.prepare(opening.plan, told).open(opening, told) as lab:
    ...     lab.instances.active("tokyo")
    1
    """

    @property
    def name(self) -> str:
        """Return the runtime's name, as it is in state files and histories."""
        ...

    @property
    def ignored(self) -> Sequence[str]:
        """Return the settings that its brokers ignore, by the user's names for them; a history keeps them."""
        ...

    @property
    def costs(self) -> Mapping[str, str]:
        """Return the times of this machine that the user set for its models, name → duration; a history keeps them."""
        ...

    def __enter__(self) -> Self:
        """Return the runtime itself; labs stay open after the block."""
        ...

    def __exit__(self, *error: object) -> None: ...

    def refusals(self, scenario: Scenario, plan: Plan) -> Sequence[Problem]:
        """Return the parts of a scenario that this runtime does not support, with locations; nothing is opened."""
        ...

    def prepare(self, plan: Plan, told: Told, *, archive: Path | None = None, version: str | None = None) -> Ready:
        """Make this machine ready for a Plan, such as by building images; raise HostError or InputError if it cannot.

        `archive` is an ActiveMQ distribution to build from instead of a download. Brokers are of no newer release than
        the Plan has if a person chose a `version`.
        """
        ...

    def open_labs(self, note_folder: Path) -> tuple[StateFile, ...]:
        """Return the state files of this runtime's open labs, oldest first; HostError if no lab could be reached."""
        ...

    def attach(self, note: StateFile, note_folder: Path) -> AbstractContextManager[StandingLab]:
        """Return an open lab, whichever process opened it; it stays open after the block."""
        ...

    def has_ended(self, note: StateFile) -> bool:
        """Return whether a lab has lost its router, without which it cannot go on; HostError if that is unknown."""
        ...

    def end(self, note: StateFile, note_folder: Path) -> Removal:
        """End a lab: save its logs, remove all its parts and then its state file; HostError if a part stays."""
        ...

    def lost_labs(self, note_folder: Path) -> tuple[Lost, ...]:
        """Return the running detached labs whose state file should be in this folder, but cannot be read."""
        ...

    def end_lost(self, lost: Lost, note_folder: Path) -> Removal:
        """End a lab whose state file is lost, as `end` does."""
        ...

    def sweep(self, note_folder: Path, wanted: Sweep) -> Swept:
        """Remove labs; raise InputError if one run is wanted and no part of it exists."""
        ...

    def images(self, told: Told, *, versions: Sequence[str], archive: Path | None) -> tuple[Image, ...]:
        """Build the missing images of these ActiveMQ versions, or of the usual one, and return all images."""
        ...

    def image_key(self, told: Told, *, versions: Sequence[str], archive: Path | None) -> str:
        """Return a name of the needed images, as a key for a cache: other images have another name."""
        ...

    def save_images(self, told: Told, file: Path, *, versions: Sequence[str], archive: Path | None) -> str:
        """Build the missing images, write them to a file, with its digest beside it, and return the digest."""
        ...

    def load_images(
        self, told: Told, file: Path, *, versions: Sequence[str], archive: Path | None, digest: str | None
    ) -> None:
        """Load the images from a file instead of building them; InputError, with none loaded, if it was changed."""
        ...

    def examine(self) -> tuple[Finding, ...]:
        """Examine whether this machine meets the requirements of a lab."""
        ...
