"""The list of the shipped scenarios in its page, made from their files; run as a module, it is written."""

from __future__ import annotations

from lab.check.scenarios import load_named
from tests.failing_variants import SCENARIOS

from .pages import ROOT

PAGE = ROOT / "docs" / "scenarios.md"
_BEGIN, _END = "<!-- scenarios: python -m tests.docs.scenarios -->\n", "<!-- end of scenarios -->\n"


def text() -> str:
    """Return the page with the list that the files make."""
    before, _, rest = PAGE.read_text("utf-8").partition(_BEGIN)
    lines = [f"- [{name}](../scenarios/{name}.yaml): {load_named(name, {}).about}\n" for name in SCENARIOS]
    return f"{before}{_BEGIN}{''.join(lines)}{_END}{rest.partition(_END)[2]}"


if __name__ == "__main__":
    PAGE.write_text(text(), encoding="utf-8")
