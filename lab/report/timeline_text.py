"""Rows of a timeline → lines of text, with a heading and a note on a history that is cut short."""

from __future__ import annotations

from lab.base.printable import plain_line
from lab.history import Header
from lab.history.display import Row, Weight

_SIGNS = {Weight.PLAIN: " ", Weight.STEP: "▸", Weight.FAULT: "!"}
_ASCII_SIGNS = {**_SIGNS, Weight.STEP: ">"}
_STYLES = {Weight.PLAIN: "", Weight.STEP: "\033[1m", Weight.FAULT: "\033[1;31m"}
_WHO = 18


def heading(header: Header, *, only_ascii: bool) -> str:
    """Return the heading: the run's facts, and the titles of the columns."""
    versions = ", ".join(f"{broker} {version}" for broker, version in header.activemq.items())
    parts = [f"run {header.run}", header.scenario, f"seed {header.seed}", header.started]
    changed = header.declared.get("set")
    if isinstance(changed, dict):
        parts += [f"set {key}={value}" for key, value in changed.items()]
    head = " · ".join([*parts, f"ActiveMQ: {versions}"] if versions else parts)
    return f"{plain_line(head, only_ascii)}\n{'  seconds':<21}   {'who':<{_WHO}} what\n"


def text(row: Row, *, only_ascii: bool, colour: bool) -> str:
    """Return a row as one line; no fact is shown by colour alone."""
    when = f"{row.t:9.3f}" if row.until is None else f"{row.t:9.3f} – {row.until:.3f}"
    sign = (_ASCII_SIGNS if only_ascii else _SIGNS)[row.weight]
    written = plain_line(f"{when:<21} {sign} {row.actor:<{_WHO}} {row.text}", only_ascii)
    style = _STYLES[row.weight] if colour else ""
    return f"{style}{written}\033[0m\n" if style else f"{written}\n"


def remainder(cut_short_at: int | None, *, ended: bool, standing: bool = False, open: bool | None = None) -> str:
    """Return the missing part at the end of a history, in words; "" if it is complete.

    `cut_short_at` is the number of a half-written line; `ended` tells whether the history has its last line, `standing`
    whether it is of a running lab, and `open` whether its lab is there: None if that is not known here.
    """
    if cut_short_at is not None:
        return f"the history is cut short: its line {cut_short_at} is incomplete and ignored"
    if ended:
        return ""
    if open:
        return f"the {'lab is running' if standing else 'run still goes on'}: this is its history up to now"
    if standing:
        why = "the lab was gone before it was ended, or it runs on another machine"
    else:
        why = "the run was killed" + (", or still goes on" if open is None else "")
    return f"the history ends without its last line: {why}"
