"""A judged history → one HTML page that plays the run on the report's map, and needs no network and no other file.

Python decides the scenes; the page's script only shows them. All text is escaped, and signs that cannot be printed are
made visible, as on the report's page.
"""

from __future__ import annotations

import json
from base64 import b64encode
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Any

from markupsafe import Markup

from lab.base.text_files import is_file, write_text
from lab.extras.film.scenes import Film, film
from lab.history.shared_file import lock_file
from lab.judge import Judged
from lab.report.html import environment, style, visible

SCRIPTS = ("stage.js", "player.js")
_DIGITS = 4  # after the point, of a moment in seconds


def write(judged: Judged, history: Path, path: Path) -> None:
    """Write the film of a judged history's file; a reader sees the old file or the new one, never half of it."""
    report = path.with_name("report.html")
    beside = path.resolve().parent == history.resolve().parent and is_file(report)
    open_ = judged.evidence.header.standing and lock_file(history).exists()
    text = to_html(judged, cut_short=_is_cut_short(history), open=open_, report=report.name if beside else "")
    write_text(path, text)


def to_html(judged: Judged, *, cut_short: bool = False, open: bool = False, report: str = "") -> str:
    """Return the text of the page; equal histories give equal texts. `report` is the address of the report's page."""
    shown = film(judged, cut_short=cut_short, open=open)
    script = joined(*(shipped(name) for name in SCRIPTS))
    start = _start(shown)
    return (
        environment("lab.extras.film")
        .get_template("film.html")
        .render(
            film=shown,
            report=judged.report,
            address=report,
            about=str(judged.evidence.header.declared.get("about", "")),
            marks=[(mark, round(100 * (mark.t - start) / max(shown.end - start, 0.001), 2)) for mark in shown.marks],
            style=style() + Markup(shipped("film.css")),
            script=Markup(script),
            digest=b64encode(sha256(script.encode()).digest()).decode(),
            content=Markup(_json(content(shown))),
        )
    )


def content(shown: Film) -> dict[str, Any]:
    """Return a film as the page's script reads it."""
    brokers = {name: number for number, name in enumerate(shown.stage.brokers)}
    sent = shown.messages
    return {
        "start": round(_start(shown), _DIGITS),
        "end": round(shown.end, _DIGITS),
        "brokers": list(brokers),
        "parts": [
            [part.kind, part.number, list(part.names), list(part.state), place]
            for part in shown.parts
            for place in (shown.stage.place(part.kind, part.number, part.names),)
        ],
        "scenes": [
            [
                round(scene.t, _DIGITS),
                scene.caption,
                scene.tone,
                [[number, list(state)] for number, state in scene.changes],
                -1 if scene.verdict is None else scene.verdict,
            ]
            for scene in shown.scenes
        ],
        "directions": [
            [brokers.get(way.source, -1), brokers.get(way.target, -1), list(way.hops)] for way in sent.directions
        ],
        "deliveries": [
            [one.direction, round(one.sent, _DIGITS), -1 if one.took is None else round(one.took, _DIGITS)]
            for one in sent.deliveries
        ],
        "streams": [[one.direction, [number for row in one.rows for number in row]] for one in sent.streams],
        "partSeconds": sent.part_s,
    }


def _start(shown: Film) -> float:
    return min([0.0, *(scene.t for scene in shown.scenes)])


def _json(fields: object) -> str:
    """Return JSON that a script element can hold: without a sign that begins a tag or an entity."""
    text = json.dumps(_all_visible(fields), separators=(",", ":"))
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def _all_visible(fields: Any) -> Any:
    if isinstance(fields, dict):
        return {key: _all_visible(field) for key, field in fields.items()}
    return [_all_visible(field) for field in fields] if isinstance(fields, list) else visible(fields)


def _is_cut_short(history: Path) -> bool:
    """Return whether the last line of a history's file is incomplete."""
    with history.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - 1))
        return file.read(1) != b"\n"


def joined(*scripts: str) -> str:
    """Return scripts as a single script, whose names are its own."""
    return f'"use strict";\n(() => {{\n{"".join(scripts)}}})();\n'


def shipped(name: str) -> str:
    """Return the text of a file of the film's templates."""
    return files("lab.extras.film").joinpath("templates", name).read_text(encoding="utf-8")


__all__ = ["content", "film", "joined", "shipped", "to_html", "write"]
