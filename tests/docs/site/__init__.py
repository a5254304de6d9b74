"""The documentation's site: built by Sphinx from the pages of `docs/`, which stay plain Markdown.

`python -m tests.docs.site [FOLDER]` builds it into `build/site`, which the wheel has, or into another folder: the
English pages, and below `ja` the Japanese ones. A warning of Sphinx, such as a broken link, is an error.

Sphinx reads copies of the pages. In the copies, a link from one language to the other is HTML, a link to a shipped
scenario leads to its copy in the site, and any other link out of `docs/` is text, because the site has no such file.
"""

from __future__ import annotations

import os
import posixpath
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[3]
OUTPUT = ROOT / "build" / "site"
LANGUAGES = {"en": "docs", "ja": "docs/ja"}  # language → the folder of its pages
_LINK = re.compile(r"(?<!!)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^)\s]+)\)")
_CODE = re.compile(r"(^```.*?^```$|`[^`\n]*`)", re.MULTILINE | re.DOTALL)
_SHIPPED = "scenarios/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """The pages of one language."""

    language: str
    folder: Path

    @property
    def pages(self) -> dict[str, Path]:
        """Return the pages by their names in the site: the folder's README is its index."""
        return {
            "index" if path.stem == "README" else path.stem: path
            for path in sorted(self.folder.glob("*.md"))
            if not path.stem.endswith(".ja")
        }


def editions(root: Path = ROOT) -> list[Edition]:
    """Return the languages that have pages."""
    found = [Edition(language=language, folder=root / folder) for language, folder in LANGUAGES.items()]
    return [each for each in found if (each.folder / "README.md").exists()]


def build(output: Path, root: Path = ROOT, strict: bool = True) -> None:
    """Build the site into a folder, which is replaced; raise CalledProcessError if a page has a mistake.

    Two builds may run beside each other: each works in a folder of its own, and the site is moved when it is whole.
    """
    output.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="pages-", dir=output.parent) as folder:
        work = Path(folder)
        new = work / "site"
        for edition in editions(root):
            source = work / edition.language
            source.mkdir()
            _assemble(edition, source, root)
            target = new if edition.language == "en" else new / edition.language
            _sphinx(edition, source, target, work / f"{edition.language}.trees", root, strict)
        shutil.rmtree(output, ignore_errors=True)
        new.rename(output)


def _sphinx(edition: Edition, source: Path, target: Path, trees: Path, root: Path, strict: bool) -> None:
    """Build the pages of an edition, and remove what only a later build would read."""
    command = [sys.executable, "-m", "sphinx", "-q", "-b", "html", "-d", str(trees)]
    command += ["-W", "--keep-going", "-n"] if strict else []
    command += ["-c", str(Path(__file__).parent), str(source), str(target)]
    subprocess.run(command, check=True, env={**os.environ, "MQLAB_DOCS_LANGUAGE": edition.language}, cwd=root)
    for left in (".buildinfo", "objects.inv"):
        (target / left).unlink(missing_ok=True)
    shutil.rmtree(target / "_sources", ignore_errors=True)


def _assemble(edition: Edition, source: Path, root: Path) -> None:
    """Write the copies of an edition's pages, their pictures, and the scenarios that they link."""
    for name, page in edition.pages.items():
        text = copied(page, edition, root)
        (source / f"{name}.md").write_text(text + (navigation(page) if name == "index" else ""), "utf-8")
    if (edition.folder / "pictures").is_dir():
        shutil.copytree(edition.folder / "pictures", source / "pictures")
    shutil.copytree(root / "scenarios", source / "scenarios", ignore=shutil.ignore_patterns("*.md"))


def copied(page: Path, edition: Edition, root: Path = ROOT) -> str:
    """Return the text of a page with the links of the site."""
    parts = _CODE.split(page.read_text("utf-8"))
    # Odd parts are code. A link's text may contain code, so that links are read with the code put aside.
    aside = parts[1::2]
    text = "".join(part if number % 2 == 0 else f"\0{number // 2}\0" for number, part in enumerate(parts))
    text = _LINK.sub(lambda match: _link(match[1], match[2], page, edition, root), text)
    return re.sub(r"\0(\d+)\0", lambda match: aside[int(match[1])], text)


def _link(label: str, target: str, page: Path, edition: Edition, root: Path) -> str:
    if "://" in target or target.startswith(("#", "mailto:")):
        return f"[{label}]({target})"
    file, _, anchor = target.partition("#")
    path = Path(posixpath.normpath((page.parent / file).as_posix()))
    behind = f"#{anchor}" if anchor else ""
    for other in editions(root):
        for name, its in other.pages.items():
            if its == path:
                if other.language == edition.language:
                    return f"[{label}]({name}.md{behind})"
                up = "../" if other.language == "en" else f"{other.language}/"
                return f'<a href="{up}{name}.html{behind}">{label}</a>'
    inside = path.relative_to(root).as_posix()
    if inside.startswith("docs/pictures/") and edition.language == "en":
        return f"[{label}]({inside.removeprefix('docs/')})"
    if inside.startswith(_SHIPPED) and path.is_file():
        return f"[{label}]({inside})"
    return label


def navigation(index: Path) -> str:
    """Return the tables of contents of an index: for each of its headings, the pages of the links below it."""
    return "".join(_navigation(index))


def _navigation(index: Path) -> Iterator[str]:
    listed: set[str] = set()
    for part in index.read_text("utf-8").split("\n## ")[1:]:
        heading, _, text = part.partition("\n")
        names = dict.fromkeys(re.findall(r"\]\(([\w-]+)\.md(?:#[^)]*)?\)", text))
        new = [name for name in names if name not in listed]
        listed.update(new)
        if new:
            yield f"\n```{{toctree}}\n:hidden:\n:caption: {heading}\n\n" + "\n".join(new) + "\n```\n"
