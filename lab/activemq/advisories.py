"""The known holes of ActiveMQ's releases, from `advisories.toml`, and which of them a lab's configuration closes."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files

from lab.base.dataclass import dataclass

AS_OF = "2026-11-26"  # when the project's advisories were read
SEVERITIES = ("critical", "important", "moderate", "low")  # the worst first


@dataclass(frozen=True, slots=True, kw_only=True)
class Advisory:
    """One known hole."""

    id: str
    about: str
    affected: tuple[tuple[str, str], ...]  # each from a release on, up to the one that mends it
    source: str  # the address of the project's advisory
    closed: str = ""  # what closes it in a lab; empty: nothing
    test: str = ""  # what shows that
    severity: str = ""  # as the project rates it; empty: its advisory does not, or was not read for that

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
    """Return the known vulnerabilities of a release of ActiveMQ 5."""
    return tuple(each for each in advisories() if each.affects(release))


def summary(release: str) -> str:
    """Return in one line how many vulnerabilities of a release are known, the worst, and the release that has none."""
    if _parts(release)[0] != 5:
        return "not looked up: the list has vulnerabilities of ActiveMQ 5 alone"
    known = known_holes(release)
    if not known:
        return f"no vulnerability was known on {AS_OF}"
    still_open = [each for each in known if not each.closed]
    counts = Counter(each.severity or "of unknown severity" for each in still_open)
    rated = ", ".join(f"{counts[each]} {each}" for each in (*SEVERITIES, "of unknown severity") if counts[each])
    free = min((since for since in _mended() if _parts(since) > _parts(release) and not known_holes(since)), key=_parts)
    return f"{len(known)} known vulnerabilities, {len(still_open)} open in a lab ({rated}); {free} has none"


def listing(release: str) -> Iterator[str]:
    """Yield a line for each known vulnerability of a release: its severity, whether a lab closes it, and its text."""
    for each in known_holes(release):
        state = f"closed in a lab: {each.closed}" if each.closed else "open in a lab"
        yield f"{each.id} ({each.severity or 'severity unknown'}, {state}): {each.about}"


def _mended() -> Iterator[str]:
    """Yield the releases that mend something."""
    return (mended for each in advisories() for _, mended in each.affected)


def _parts(release: str) -> tuple[int, ...]:
    return tuple(map(int, release.split(".")))
