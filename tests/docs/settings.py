"""The tables of environment variables in the pages, made from the code; run as a module, they are written."""

from __future__ import annotations

from pathlib import Path

from lab.settings import Reader, read_by

from .pages import ROOT

PAGES = {ROOT / "docs" / "install.md": (Reader.LAB, Reader.MAKE), ROOT / "docs" / "ci.md": (Reader.CI,)}
_BEGIN, _END = "<!-- settings: python -m tests.docs.settings -->\n", "<!-- end of settings -->\n"


def text(page: Path) -> str:
    """Return a page with the table that the code makes."""
    written = page.read_text("utf-8")
    before, _, rest = written.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    return f"{before}{_BEGIN}{_table(*PAGES[page])}{_END}{after}"


def _table(*readers: Reader) -> str:
    lines = ["| environment variable | unit | default | meaning |", "| --- | --- | --- | --- |"]
    for setting in read_by(*readers):
        words = not setting.default or "`" in setting.default or " " in setting.default
        default = setting.default if words else f"`{setting.default}`"
        lines.append(f"| `{setting.name}` | {setting.unit} | {default} | {setting.sentence} |")
    return "".join(f"{line}\n" for line in lines)


if __name__ == "__main__":
    for page in PAGES:
        page.write_text(text(page), encoding="utf-8")
