"""The list of known vulnerabilities in its page, made from the advisories; run as a module, it is written."""

from __future__ import annotations

from collections.abc import Iterator

from lab.activemq.advisories import Advisory, advisories
from lab.activemq.releases import RELEASES

from .pages import ROOT

PAGE = ROOT / "docs" / "known-holes.md"
_BEGIN, _END = "<!-- vulnerabilities: python -m tests.docs.vulnerabilities -->\n", "<!-- end of vulnerabilities -->\n"


def text() -> str:
    """Return the page with the list that the code makes."""
    before, _, rest = PAGE.read_text("utf-8").partition(_BEGIN)
    return f"{before}{_BEGIN}{''.join(_groups())}{_END}{rest.partition(_END)[2]}"


def _groups() -> Iterator[str]:
    groups: dict[str, list[str]] = {}
    for each in advisories():
        groups.setdefault(_group(each), []).append(f"- {each.id}: {each.about}\n")
    for title in sorted(groups, key=lambda title: (not title.startswith("Open"), title.startswith("No "))):
        yield f"**{title}**\n\n{''.join(groups[title])}\n"


def _group(each: Advisory) -> str:
    affected = [release for release in RELEASES.values() if each.affects(release)]
    if not affected:
        return "No release of a lab has these:"
    releases = "all releases of a lab" if affected == [*RELEASES.values()] else " and ".join(affected)
    return f"Closed in a lab, in {releases}: {each.closed}." if each.closed else f"Open in a lab, in {releases}:"


if __name__ == "__main__":
    PAGE.write_text(text(), encoding="utf-8")
