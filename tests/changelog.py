"""`python -m tests.changelog`: write CHANGELOG.md of the files in changelog.d and the versions before."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from lab.base.version import __version__

HEAD = "# Changes\n\nVersions are explained in [CONTRIBUTING.md](CONTRIBUTING.md#versions).\n"
FIRST = "first-version"


def changelog(version: str, fragments: Mapping[str, str], before: str) -> str:
    """Return the text of CHANGELOG.md.

    A version's part is made of the fragments, by name → text, the one that introduces it first and the others in the
    order of their names. `before` is the text as it was: its other versions stay, and all of it without fragments.
    """
    if not fragments:
        return before
    ordered = sorted(fragments, key=lambda name: (name != FIRST, name))
    ours = "\n\n".join(fragments[name].strip().replace("](../", "](") for name in ordered)  # one folder up
    others = [part for part in before.split("\n## ")[1:] if part.partition("\n")[0].strip() != version]
    return HEAD + "".join(f"\n## {part.strip()}\n" for part in (f"{version}\n\n{ours}", *others))


def main(root: Path) -> None:
    target = root / "CHANGELOG.md"
    fragments = {path.stem: path.read_text("utf-8") for path in (root / "changelog.d").glob("*.md")}
    before = target.read_text("utf-8") if target.exists() else ""
    target.write_text(changelog(__version__, fragments, before), "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if sys.argv[1:] else Path(__file__).parents[1])
