"""The documentation: references to its pages in texts, and its site, which a wheel contains and `make docs` builds."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from lab.base.suggestions import remedy
from lab.errors import HostError, InputError

_LAB = Path(__file__).resolve().parents[1]
_NOT_PAGES = ("genindex", "search")


def reference(page: str, heading: str = "") -> str:
    """Return the command that opens a page at a heading, for the text of an error."""
    return f"mqlab docs {page}" + (f"#{anchor(heading)}" if heading else "")


def anchor(heading: str) -> str:
    """Return the anchor of a heading, as the site and code hosts make it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def site(lab: Path = _LAB) -> Path:
    """Return the folder of the built site; raise HostError if this installation has no site."""
    for folder in (lab / "_shipped" / "site", lab.parent / "build" / "site"):
        if (folder / "index.html").is_file():
            return folder
    if (pages := lab.parent / "docs").is_dir():
        raise HostError("the site of the documentation is not built", f"run make docs, or read the pages in {pages}")
    raise HostError("this installation of mqlab lacks its documentation", "install mqlab again")


def address(topic: str, folder: Path) -> str:
    """Return the address of a topic in the site: a page, or PAGE#HEADING; "" is the index.

    Raise InputError if there is no such page or heading.
    """
    name, _, heading = topic.partition("#")
    name = name.removesuffix(".md").removesuffix(".html").removeprefix("docs/") or "index"
    known = pages(folder)
    if name not in known:
        raise InputError.of(f'no page named "{name}"', remedy(name, known, "pages"))
    anchors = re.findall(r'<section id="([^"]+)"', known[name].read_text("utf-8"))
    if heading and heading not in anchors:
        raise InputError.of(f'no heading named "{heading}" on the page {name}', remedy(heading, anchors, "headings"))
    return known[name].as_uri() + (f"#{heading}" if heading else "")


def pages(folder: Path) -> dict[str, Path]:
    """Return the pages of the site by name; a name of a Japanese page begins with `ja/`."""
    found = {path.relative_to(folder).with_suffix("").as_posix(): path for path in folder.rglob("*.html")}
    return {
        name: found[name] for name in sorted(found) if not name.startswith("_") and found[name].stem not in _NOT_PAGES
    }


def opened(place: str, browser: Callable[[str], bool]) -> bool:
    """Return whether a browser opens an address."""
    try:
        return browser(place)
    except OSError:  # a browser that is named in the environment, but cannot be started
        return False
