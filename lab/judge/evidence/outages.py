"""Closures and outages: the times in which a link, a broker or a connector was down."""

from __future__ import annotations

from dataclasses import replace
from math import inf
from typing import Self

from lab.base.dataclass import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Closure:
    """A stretch of time in which a link did not pass packets, in one direction or both."""

    link: str
    state: str  # "cut" | "reject"
    leaving: tuple[str, ...]
    start: float
    end: float | None = None

    @property
    def words(self) -> str:
        """Return the link's cut or reject, and its end, in words."""
        way = f" leaving {self.leaving[0]}" if len(self.leaving) == 1 else ""
        healed = "never healed" if self.end is None else f"healed at {self.end:.3f} s"
        return f"link {self.link} {'was cut' if self.state == 'cut' else 'began to reject'}{way} ({healed})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """A stretch of time in which a broker, or one of its connectors, did not run."""

    name: str  # "tokyo", "connector wan of tokyo"
    state: str  # "stopped" | "killed" | "paused" | "deleted"
    start: float
    end: float | None = None
    back: str = ""  # how it ended: "started" | "resumed" | "active" (another instance took over)
    gone: float | None = None  # when its process had ended, which may be a while after it was asked to
    frozen: bool = False  # whether it was paused until then
    begun: float | None = None  # when a process of its was begun anew, a while before it had started

    @classmethod
    def of(cls, name: str, state: str, t: float) -> Self:
        """Return the outage of a broker or connector in a state; if "stopping", its process may still run."""
        gone = None if state in ("stopping", "paused") else t
        return cls(name=name, state="stopped" if state == "stopping" else state, start=t, gone=gone)

    def over(self, state: str, t: float) -> Self:
        """Return it once its process has ended."""
        gone, frozen = t if self.gone is None else self.gone, self.frozen or self.state == "paused"
        return replace(self, state=self.state if state == "stopped" else state, gone=gone, frozen=frozen)

    @property
    def back_from(self) -> float:
        """Return when it may first have had something again, in seconds; infinity if it has no process since."""
        return min((t for t in (self.begun, self.end) if t is not None), default=inf)

    @property
    def words(self) -> str:
        """Return the outage of the broker or connector, and its end, in words."""
        if self.back == "active":
            return f"{self.name} was {self.state} (its other instance active at {self.end:.3f} s)"
        if self.state == "deleted":
            return f"{self.name} was deleted"
        verb = "resumed" if (self.back or self.state) in ("resumed", "paused") else "started again"
        return (
            f"{self.name} was {self.state} ({f'never {verb}' if self.end is None else f'{verb} at {self.end:.3f} s'})"
        )
