"""The known holes of ActiveMQ's releases, from `advisories.toml`, and which of them a lab's configuration closes."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from lab.dataclass import dataclass

AS_OF = "2026-11-26"  # when the project's advisories were read
PAGE = "docs/known-holes.md"


@dataclass(frozen=True, slots=True, kw_only=True)
class Advisory:
    """One known hole."""

    id: str
    about: str
    affected: tuple[tuple[str, str], ...]  # each from a release on, up to the one that mends it
    source: str  # the address of the project's advisory
    closed: str = ""  # what closes it in a lab; empty: nothing
    test: str = ""  # what shows that

    def affects(self, release: str) -> bool:
        """Return whether a release, such as 5.18.3, has the vulnerability."""
        return any(_parts(since) <= _parts(release) < _parts(mended) for since, mended in self.affected)


@cache
def advisories() -> tuple[Advisory, ...]:
    """Return every known hole, in the order of their numbers."""
    written: Mapping[str, Mapping[str, object]] = tomllib.loads(
        files("lab.activemq").joinpath("advisories.toml").read_text("utf-8")
    )
    return tuple(
        Advisory(**{**its, "id": name, "affected": tuple(map(tuple, its["affected"]))})  # type: ignore[arg-type, call-overload]
        for name, its in written.items()
    )


def known_holes(release: str) -> tuple[Advisory, ...]:
    """Return the known holes of a release of ActiveMQ 5."""
    return tuple(each for each in advisories() if each.affects(release))


def words(release: str) -> str:
    """Return in words which known holes a release has: those that are open in a lab, then those that a lab closes."""
    if _parts(release)[0] != 5:
        return "not looked up: the list has holes of ActiveMQ 5 alone"
    known = known_holes(release)
    found = [
        f"{which}: {', '.join(each.id for each in known if bool(each.closed) is closed)}"
        for which, closed in (("open", False), ("closed by the lab", True))
        if any(bool(each.closed) is closed for each in known)
    ]
    return "; ".join(found) or f"none known on {AS_OF}"


def _parts(release: str) -> tuple[int, ...]:
    return tuple(map(int, release.split(".")))
