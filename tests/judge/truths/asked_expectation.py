"""An expectation in plain values, as both the truth and a scenario read it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedExpectation:
    """An expectation, in plain values."""

    kind: str
    to: tuple[str, ...] = ()  # everybody if none
    any: bool = False
    destination: str | None = None
    promise: str = ""
    within: float = 10.0
    quiet: float | None = None
    at_most: int = 0
    bound: tuple[str, float] = ("max", 1.0)  # of latency, or of finished
    shares: tuple[tuple[str, str, str], ...] = ()  # of a queue: a name, and its bounds, such as "1", "40%" or ""
    after: str = ""  # the verb that recovered counts from
    step: int = 0  # whose messages finished is about

    @property
    def listens_on(self) -> float:
        """Return for how long after the last message a duplicate would have been heard."""
        return 2.0 if self.quiet is None else self.quiet

    @property
    def written(self) -> dict[str, Any]:
        """Return the fields as a scenario has them."""
        fields: dict[str, Any] = {}
        if self.to:
            fields["to"] = {"any": list(self.to)} if self.any else list(self.to)
        if self.destination is not None:
            kind, _, name = self.destination.partition("://")
            fields[kind] = name
        if self.quiet is not None:
            fields["quiet"] = f"{self.quiet:g}s"
        if self.kind == "delivered":
            fields |= {"promise": self.promise, "within": f"{self.within:g}s"}
            if self.shares:
                bounds = {name: {"at-least": low, "at-most": high} for name, low, high in self.shares}
                fields["shares"] = {name: {key: text for key, text in each.items() if text}
                                    for name, each in bounds.items()}  # fmt: skip
        elif self.kind == "finished":
            name, seconds = self.bound
            fields |= {"step": f"s{self.step}", "within": {name: f"{seconds:g}s"}}
        elif self.kind == "recovered":
            fields |= {"after": self.after, "within": f"{self.within:g}s"}
        elif self.kind == "duplicates":
            fields["at-most"] = self.at_most
        elif self.kind == "latency":
            name, seconds = self.bound
            fields[name] = f"{seconds * 1000:g}ms"
        return fields
