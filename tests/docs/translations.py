"""The translated pages and the English text that each of them follows; `python -m tests.docs.translations` compares."""

from __future__ import annotations

import hashlib
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .pages import ROOT

_FIRST = re.compile(r"<!-- translates (\S+) sha256:(\S+) -->\n")
COMMAND = "python -m tests.docs.translations"


@dataclass(frozen=True, slots=True, kw_only=True)
class Translation:
    """A translated page, and the page that it translates."""

    page: Path
    original: Path

    @property
    def first_line(self) -> str:
        """Return the first line that the page has if it follows the present text of the original."""
        digest = hashlib.sha256(self.original.read_bytes()).hexdigest()
        return f"<!-- translates {self.original.name} sha256:{digest} -->\n"

    def problem(self, root: Path = ROOT) -> str:
        """Return the reason why the page is out of date, with a remedy; empty if the page is up to date."""
        page, original = (path.relative_to(root).as_posix() for path in (self.page, self.original))
        first = self.page.read_text("utf-8").partition("\n")[0] + "\n"
        if first == self.first_line:
            return ""
        if (named := _FIRST.fullmatch(first)) is None or named[1] != self.original.name:
            return f"{page}:1: the line that names {original} is missing: write {self.first_line.strip()}"
        return (
            f"{page}: {original} has changed since it was translated: compare `git log -p {original}`, "
            f"correct the page, then run {COMMAND} --accept {page}. {COMMAND} prints the new digest"
        )

    def accept(self) -> None:
        """Write the digest of the present original into the page."""
        text = self.page.read_text("utf-8")
        former = _FIRST.match(text)
        self.page.write_text(self.first_line + text[former.end() if former else 0 :], "utf-8")


def translations(root: Path = ROOT) -> list[Translation]:
    """Return all translated pages."""
    pages = [Translation(page=path, original=root / "docs" / path.name) for path in (root / "docs/ja").glob("*.md")]
    return [
        Translation(page=root / "README.ja.md", original=root / "README.md"),
        *sorted(pages, key=lambda translation: translation.page),
    ]


def main(arguments: Sequence[str], root: Path = ROOT) -> int:
    """Print the first line of each page, and say which pages are out of date; `--accept [PAGE...]` writes the lines."""
    accepting = arguments[:1] == ["--accept"]
    names = arguments[1:] if accepting else arguments
    known = {translation.page.relative_to(root).as_posix(): translation for translation in translations(root)}
    if unknown := [name for name in names if name not in known]:
        print(f"{unknown[0]}: not a translated page: name one of {', '.join(known)}", file=sys.stderr)
        return 2
    for name in names or known:
        problem = known[name].problem(root)
        if problem and accepting:
            known[name].accept()
        if problem or not accepting:
            print(f"{name}: {'accepted' if accepting else problem or 'up to date'}")
            print(f"  {known[name].first_line}", end="")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
