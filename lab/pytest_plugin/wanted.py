"""The settings of one session of tests for its labs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from lab.base.dataclass import dataclass

NEVER, FAILED, ALWAYS = "never", "failed", "always"
KEEP = (NEVER, FAILED, ALWAYS)  # which labs stay after the tests
PROPERTIES = RUN_FOLDER, OF_RUNTIME, VERDICT = ("mqlab-run-folder", "mqlab-runtime", "mqlab-verdict")  # in JUnit XML


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A lab that a test asks for; labs that are wanted alike are one."""

    scenario: str  # a path, or the name of a shipped scenario
    runtime: str
    set: tuple[tuple[str, str], ...] = ()
    seed: int | None = None
    observe: tuple[str, ...] = ()  # patterns of destinations


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The options of a session, and where it runs."""

    usual: Wanted  # the session's own lab
    runs: Path
    environment: Mapping[str, str]
    keep: str = NEVER
    reuse: bool = False
