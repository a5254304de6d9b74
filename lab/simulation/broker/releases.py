"""The lines of ActiveMQ's releases that the models of a broker stand for; others are not modelled."""

from __future__ import annotations

from lab.errors import PlanError

# What is modelled is alike in 5.17.6, 5.18.3 and 5.19.1; what differs is in docs/engine-versions.md.
LINES = ("5.17", "5.18", "5.19")


def why_not(release: str) -> tuple[str, str] | None:
    """Return that a release such as 5.15.16 is not modelled, and which are; None if it is."""
    if ".".join(release.split(".")[:2]) in LINES:
        return None
    return f"the simulation has no model of ActiveMQ {release}", f"it has: {', '.join(LINES)}"


def check_release(release: str) -> None:
    """Raise PlanError if a release such as 5.15.16 is not modelled."""
    if (wrong := why_not(release)) is not None:
        raise PlanError(*wrong)
