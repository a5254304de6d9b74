"""The family of errors, and the Problem that a person can act on.

    LabError
    ├── InputError     a file, an option or an argument is wrong; carries every Problem found (exit 2)
    │   └── Refused    a service of AWS refuses a request
    ├── PlanError      the requested lab cannot be built (exit 3)
    ├── HostError      this machine cannot do it: no Docker, no image, no TUN device (exit 3)
    ├── BrokerError    a broker did not start, or refused us (exit 3)
    └── LabTimeout     something we waited for did not come (exit 4)

A failed expectation is not an error: it is a Verdict in the Report.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Place:
    """A place in a file; line and column count from 1.

    `set` is the KEY whose value was set from outside, in place of the file's value.
    """

    file: str
    line: int
    column: int
    set: str = ""

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}:{self.column}"
        return f"--set {self.set} ({where})" if self.set else where


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One mistake in a person's input: its place, the problem, and the remedy."""

    what: str
    remedy: str = ""
    place: Place | None = None

    def __str__(self) -> str:
        head = f"{self.place}: {self.what}" if self.place else self.what
        return head + "".join(f"\n  {line}" for line in self.remedy.splitlines())


class LabError(Exception):
    """An error that mqlab can explain; `exit_code` is the exit code of the command line."""

    exit_code = 3

    def __init__(self, problem: str, remedy: str = "") -> None:
        super().__init__(problem)
        self.what = problem
        self.remedy = remedy

    def add_remedy(self, line: str) -> None:
        """Add a line to the remedy, from a caller that knows more than the code that raised the error."""
        self.remedy = f"{self.remedy}\n{line}".lstrip("\n")

    def __str__(self) -> str:
        return self.what + "".join(f"\n  {line}" for line in self.remedy.splitlines())


class InputError(LabError):
    """A file or an argument is wrong; every Problem found is in `problems`."""

    exit_code = 2

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))

    @classmethod
    def of(cls, problem: str, remedy: str = "", place: Place | None = None) -> InputError:
        """Return an error with a single Problem."""
        return cls([Problem(what=problem, remedy=remedy, place=place)])


class Refused(InputError):
    """A service of AWS refuses a request: the code of its exception, its sentence, and the attribute that is wrong."""

    code: str = ""
    sentence: str = ""
    attribute: str = ""


class PlanError(LabError):
    """A topology or scenario is well written, but cannot be built."""


class HostError(LabError):
    """This machine lacks something that the lab needs."""


class NoEngine(HostError):
    """No engine answers at the address of this machine's settings."""


class BrokerError(LabError):
    """A broker did not start, or refused a request; `problem` ends with its last log lines, `how` is one word."""

    def __init__(self, problem: str, remedy: str = "", how: str = "failed") -> None:
        super().__init__(problem, remedy)
        self.how = how


class LabTimeout(LabError):
    """A condition that was waited for did not come about in time."""

    exit_code = 4
    how = "timed-out"
