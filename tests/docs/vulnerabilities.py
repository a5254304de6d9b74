"""The list of known vulnerabilities in its page, made from the advisories; run as a module, it is written."""

from __future__ import annotations

from collections.abc import Iterator

from lab.activemq.advisories import advisories
from lab.activemq.releases import RELEASES

from .pages import ROOT

PAGE = ROOT / "docs" / "known-holes.md"
_BEGIN, _END = "<!-- vulnerabilities: python -m tests.docs.vulnerabilities -->\n", "<!-- end of vulnerabilities -->\n"


def text() -> str:
    """Return the page with the list that the code makes."""
    before, _, rest = PAGE.read_text("utf-8").partition(_BEGIN)
    return f"{before}{_BEGIN}{''.join(_groups())}{_END}{rest.partition(_END)[2]}"


def _groups() -> Iterator[str]:
    closed: dict[str, list[str]] = {}
    for each in advisories():
        affected = [release for release in RELEASES.values() if each.affects(release)]
        if each.closed or not affected:
            reason = f"Closed: {each.closed}" if affected else "In no release of a lab"
            closed.setdefault(reason, []).append(each.id)
        else:
            some = "" if affected == [*RELEASES.values()] else f" ({', '.join(affected)})"
            yield f"- {each.id}{some}: {each.about}\n"
    yield from (f"- {reason}: {', '.join(ids)}.\n" for reason, ids in closed.items())


if __name__ == "__main__":
    PAGE.write_text(text(), encoding="utf-8")
