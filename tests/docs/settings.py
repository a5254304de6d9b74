"""The lists of environment variables in the pages, made from the code; run as a module, they are written."""

from __future__ import annotations

from pathlib import Path

from lab.base.settings import Reader, read_by

from .pages import ROOT

PAGES = {ROOT / "docs" / "install.md": (Reader.LAB, Reader.MAKE), ROOT / "docs" / "ci.md": (Reader.CI,)}
_BEGIN, _END = "<!-- settings: python -m tests.docs.settings -->\n", "<!-- end of settings -->\n"


def text(page: Path) -> str:
    """Return a page with the list that the code makes."""
    written = page.read_text("utf-8")
    before, _, rest = written.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    return f"{before}{_BEGIN}{_list(*PAGES[page])}{_END}{after}"


def _list(*readers: Reader) -> str:
    lines = []
    for setting in read_by(*readers):
        words = not setting.default or "`" in setting.default or " " in setting.default
        default = setting.default if words else f"`{setting.default}`"
        form = f"{setting.unit} = {default}" if default else setting.unit
        lines.append(f"- `{setting.name}` ({form}): {setting.sentence}\n")
    return "".join(lines)


if __name__ == "__main__":
    for page in PAGES:
        page.write_text(text(page), encoding="utf-8")
