"""A judged history → one HTML page that needs no network and no other file, and can be read without its script.

Text from a scenario or a history is escaped by Jinja, and signs that cannot be printed are made visible.
"""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256
from importlib.resources import files
from pathlib import Path

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from lab.base.text_files import write_text
from lab.judge import Judged
from lab.report.html.broker_texts import Files
from lab.report.html.page import page
from lab.report.not_delivered_rows import told

_QUANTITY = re.compile(r"(?<=\d) (?=(?:ms|s)\b)")

__all__ = ["Files", "environment", "style", "to_html", "visible", "write"]


def to_html(judged: Judged, files: Files) -> str:
    """Return the text of the page; equal histories and files give equal texts."""
    script = _shipped("page.js")
    return (
        environment("lab.report.html")
        .get_template("page.html")
        .render(
            page=page(judged, files),
            told=told,
            style=style(),
            script=Markup(script),
            script_digest=b64encode(sha256(script.encode()).digest()).decode(),
        )
    )


def environment(package: str) -> Environment:
    """Return the environment for the templates of a package; all text in them is escaped, and made visible.

    They can use the templates of the report's page.
    """
    found = Environment(
        loader=ChoiceLoader([PackageLoader(each, "templates") for each in dict.fromkeys((package, "lab.report.html"))]),
        finalize=visible,
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        optimized=False,  # a template is rendered once, which gains less than to look for its constants takes
    )
    found.filters["units"] = _unbreakable
    return found


def style() -> Markup:
    """Return the style of mqlab's pages, for light and dark screens and for narrow ones."""
    return Markup(_shipped("page.css"))


def write(judged: Judged, files: Files, path: Path) -> None:
    """Write the page; a reader sees the old file or the new one, never half of it."""
    write_text(path, to_html(judged, files))


def _shipped(name: str) -> str:
    return files("lab.report.html").joinpath("templates", name).read_text(encoding="utf-8")


def _unbreakable(text: str) -> Markup:
    """Return escaped text in which a number and its unit stay on one line."""
    return Markup(_QUANTITY.sub("&nbsp;", str(escape(visible(text)))))


def visible(shown: object) -> object:
    """Return a value, a string with U+FFFD in place of signs that control a terminal, a parser or text direction."""
    if isinstance(shown, str) and not isinstance(shown, Markup) and not shown.isprintable():
        return "".join(sign if sign.isprintable() or sign in "\n\t" else "\ufffd" for sign in shown)
    return shown
