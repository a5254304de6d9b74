"""Report → text in a terminal: the drawing, the deliveries, the verdicts, and the run's folder.

Colour and fine strokes appear only where the console can show them; no fact is shown by colour alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from textwrap import wrap

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from lab.base.printable import plain_line
from lab.base.units import several
from lab.judge.values import Delivery, Outcome, Report
from lab.report.drawing import SIDE_BY_SIDE, drawing
from lab.report.not_delivered_rows import TITLES, became, told

_MARKS = {Outcome.PASSED: "✔", Outcome.FAILED: "✘", Outcome.UNKNOWN: "?"}
_ASCII_MARKS = {Outcome.PASSED: "[ok]", Outcome.FAILED: "[X]", Outcome.UNKNOWN: "[?]"}
_STYLES = {Outcome.PASSED: "green", Outcome.FAILED: "red", Outcome.UNKNOWN: "yellow"}
_MILD = ("waiting", "expired", "unknown", "recovered", "undecided", "redelivered", "returned", "unsure", "reordered")
_FIGURES = (  # fields of a delivery, and what they are called
    ("lost", "lost"),
    *TITLES,
    ("duplicated", "duplicates"),
    ("unexpected", "unexpected"),
    ("recovered", "recovered"),
    ("undecided", "undecided"),
    ("redelivered", "redelivered"),
    ("returned", "given back"),
    ("unsure", "unsure"),
    ("reordered", "reordered"),
    ("late", "late"),
)
_MOST_STEPS = 20  # in the table of what was asked; of more, those that did as asked are one line
_LEAST_STEP_COLUMNS = 24  # columns for a step in words
_ROUTES = "who reached whom when the scenario began, by the rules of forwarding, if all who ever listen do so at once"
_COUNT = re.compile(r"\b(\d+) of (\d+)\b")


def render(
    report: Report, console: Console, *, folder: Path | str | None = None, page: Path | str | None = None
) -> None:
    """Print a report in the console's width, and at its end the run's `folder` and `page`, if given.

    >>> from rich.console import Console
    >>> render(report, Console(width=80))
    the article, replayed: passed
    <BLANKLINE>
    ...
    """
    only_ascii = not console.encoding.lower().replace("-", "").startswith("utf")
    marks = _ASCII_MARKS if only_ascii else _MARKS

    def text(line: str, style: str = "") -> Text:
        return Text(plain_line(line, only_ascii), style=style)

    head = text(f"{report.scenario}: ", "bold")
    head.append(str(report.outcome), f"bold {_STYLES[report.outcome]}")
    head.append(", simulated" if report.simulated else "", "bold")
    console.print(head)
    picture = drawing(report, console.width, only_ascii)
    if picture:
        console.print()
        console.print(_coloured(picture, report.outcome), no_wrap=True, overflow="ignore", crop=False)
    if report.deliveries:
        console.print()
        narrow = console.width < SIDE_BY_SIDE
        console.print(_stacked(report, only_ascii) if narrow else _deliveries(report, console.width, only_ascii))
        for row in report.deliveries if not narrow else ():
            if row.waiting + row.dead_letters + row.discarded + row.expired > row.over:
                console.print(text(f"{_recipient(row)}: {became(row)}"))
    if report.steps:
        console.print()
        console.print(_steps(report, console.width, only_ascii))
    if _worth_a_table(report):
        console.print()
        console.print(f"{_ROUTES}:", style="dim")
        routes = _routes(report, console.width, only_ascii)
        console.print(routes, no_wrap=isinstance(routes, Text), overflow="ignore", crop=False)
        for note in report.routes_notes:
            console.print(text(note, "dim"))
    verdicts = Table.grid(padding=(0, 1))
    verdicts.add_column(no_wrap=True)
    verdicts.add_column()
    for verdict in report.verdicts:
        style = _STYLES[verdict.outcome]
        verdicts.add_row(Text(marks[verdict.outcome], style=f"bold {style}"), text(verdict.expectation, "bold"))
        verdicts.add_row("", text(verdict.reason, style if verdict.outcome is not Outcome.PASSED else ""))
        if verdict.basis is not None:
            verdicts.add_row("", text(f"basis: {verdict.basis}", "dim"))
    if report.verdicts:
        console.print()
        console.print(verdicts)
    if report.notes:
        notes = Table.grid(padding=(0, 1))
        for note in report.notes:
            notes.add_row(Text("note:", style="yellow"), text(note))
        console.print()
        console.print(notes)
    console.print()
    if report.tcp not in ("", "cubic"):
        of_host = "the machine's own congestion control"
        console.print(text(f"TCP of the brokers: {of_host if report.tcp == 'host' else report.tcp}", "dim"))
    for words in _round_trips(report):
        console.print(text(words, "dim"), soft_wrap=True)
    for key, value in report.set.items():
        console.print(text(f"set {key}={value}", "dim"), soft_wrap=True)
    where = f"run {report.run} ({report.runtime}, seed {report.seed})"
    console.print(text(where if folder is None else f"{where}: {folder}", "dim"), soft_wrap=True)
    if page is not None:
        console.print(text(f"page: {page}", "dim"), soft_wrap=True)


def _coloured(picture: str, outcome: Outcome) -> Text:
    """Return a drawing with coloured counts; an incomplete one is red unless the report passed."""
    missing = "bold" if outcome is Outcome.PASSED else "bold red"
    drawn = Text(picture)
    drawn.highlight_regex(r"[┌┐└┘─│\u2800-\u28ff]+", "dim")
    for match in _COUNT.finditer(picture):
        drawn.stylize("bold green" if match[1] == match[2] else missing, *match.span())
    return drawn


def _stacked(report: Report, ascii: bool) -> Text:
    """Return a few lines per delivery, for a terminal that is too narrow for a table."""
    lines = []
    for row in report.deliveries:
        figures = [_figure(row, name, title) for name, title in _FIGURES if getattr(row, name)]
        lines += [plain_line(_recipient(row), ascii), f"  {', '.join([f'{row.received} of {row.expected}', *figures])}"]
        lines += [f"  p50 {row.latency.p50:.1f} ms, p99 {row.latency.p99:.1f} ms"] if row.latency else []
    return _coloured("\n".join(lines), report.outcome)


def _figure(row: Delivery, name: str, title: str) -> str:
    """Return a figure with its name, and where the messages are, such as "40 waiting on tokyo"."""
    return ", ".join(" ".join((count, title, *where)) for count, *where in map(_first, told(row, name).split(", ")))


def _first(reason: str) -> list[str]:
    return reason.split(" ", 1)


def _deliveries(report: Report, width: int, ascii: bool) -> Table:
    """Return a table with one row per delivery, without the columns that are zero throughout."""
    shown = [(name, title) for name, title in _FIGURES if any(getattr(row, name) for row in report.deliveries)]
    mild = [name for name, _ in _FIGURES] if report.outcome is Outcome.PASSED else _MILD
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("to", overflow="fold", min_width=6)
    table.add_column("messages", justify="right", no_wrap=True)
    for _, title in shown:
        table.add_column(title, justify="right", no_wrap=True)
    for title in ("p50 ms", "p99 ms"):
        table.add_column(title, justify="right", no_wrap=True)
    for row in report.deliveries:
        figures = [
            Text(str(getattr(row, name)), style="red" if getattr(row, name) and name not in mild else "")
            for name, _ in shown
        ]
        table.add_row(
            Text(plain_line(_recipient(row), ascii)),
            _coloured(f"{row.received} of {row.expected}", report.outcome),
            *figures,
            *(f"{figure:.1f}" for figure in ((row.latency.p50, row.latency.p99) if row.latency else ())),
        )
    return table


def _round_trips(report: Report) -> Iterator[str]:
    """Yield the sources of the configured round trips; links with one source are together."""
    by_origin: dict[str, dict[str, str]] = {}
    for link, source in report.round_trips.items():
        figures, _, origin = source.partition("; ")
        by_origin.setdefault(origin or figures, {})[link] = figures
    for origin, links in by_origin.items():
        if len(links) == 1:
            (link,) = links
            yield f"round trip of {link}: {report.round_trips[link]}"
        else:
            estimated = any("estimated" in each for each in links.values())
            how = "estimated from the distance; " if estimated else "measured: "
            yield f"round trips of {', '.join(links)}: {how}{origin}"


def _worth_a_table(report: Report) -> bool:
    """Return whether a way leads over several bridges, or messages do not always arrive on one."""
    return any(len(route.over) > 1 or route.arrives != "always" for route in report.routes)


def _routes(report: Report, width: int, ascii: bool) -> Table | Text:
    """Return a table of which broker's clients reached which when the scenario began, by the rules of forwarding.

    Where a word would not fit into its column, these are a few lines for each: a name that is cut names nothing.
    """
    arrow = " > " if ascii else " → "
    rows: list[tuple[str, ...]] = [("from", "to", "destination", "arrives", "over, or the obstacle")]
    for route in report.routes:
        way = "; ".join((arrow.join(route.over), *route.stops) if route.over else route.stops)
        cells = (route.source, route.target, route.of, route.arrives, way)
        rows.append(tuple(plain_line(cell, ascii) for cell in cells))
    columns = list(zip(*rows, strict=True))
    least = [max(cell_len(word) for cell in column for word in cell.split()) for column in columns]
    if width < max(SIDE_BY_SIDE, sum(least) + 2 * len(least)):
        lines = []
        for source, target, of, arrives, way in rows[1:]:
            lines += _wrapped(f"{source}{arrow}{target}, {of}: {arrives}", width, "")
            lines += _wrapped(way, width, "  ")
        return Text("\n".join(lines))
    rooms = [max(map(cell_len, column)) for column in columns]
    while sum(rooms) + 2 * len(rooms) > width:  # Rich would break words while others have room to spare
        rooms[max((at for at in range(len(rooms)) if rooms[at] > least[at]), key=rooms.__getitem__)] -= 1
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for title, room in zip(rows[0], rooms, strict=True):
        table.add_column(title, width=room, overflow="fold")
    for row in rows[1:]:
        table.add_row(*map(Text, row))
    return table


def _wrapped(text: str, width: int, indent: str) -> list[str]:
    """Return lines of whole words, of which one that is wider than the terminal has a line to itself."""
    further = f"{indent}  "
    return wrap(
        text, width, initial_indent=indent, subsequent_indent=further, break_long_words=False, break_on_hyphens=False
    )


def _steps(report: Report, width: int, ascii: bool) -> Table | Text:
    """Return a table of the numbers that each step was asked and did; of many, those that fell short first.

    In a terminal that is too narrow for a table these are a few lines for each.
    """
    places = set(sorted(range(len(report.steps)), key=lambda place: report.steps[place].as_asked)[:_MOST_STEPS])
    shown = [step for place, step in enumerate(report.steps) if place in places]
    left = [step for place, step in enumerate(report.steps) if place not in places]
    how = "each as asked" if all(step.as_asked for step in left) else "see report.json"
    rest = [f"and {several(len(left), 'more step')}, {how}"] if left else []
    if width < SIDE_BY_SIDE:
        return Text("\n".join([*(f"{plain_line(each.words, ascii)}\n  {each.amounts}" for each in shown), *rest]))
    rows = [("step", "asked", "sent", "accepted")]
    for step in shown:
        sent, done = (str(step.sent), str(step.done)) if step.did == "sent" else ("", f"{step.done} taken")
        rows.append((plain_line(step.words, ascii), step.asked_words, sent, done))
    rows += [(words, "", "", str(sum(step.done for step in left))) for words in rest]
    room = max(width - sum(max(len(row[column]) + 2 for row in rows) for column in (1, 2, 3)), _LEAST_STEP_COLUMNS)
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column(rows[0][0], no_wrap=True)
    for title in rows[0][1:]:
        table.add_column(title, justify="right", no_wrap=True)
    for words, *figures in rows[1:]:
        table.add_row(_cut(words, room - 2, ascii), *figures)
    return table


def _cut(text: str, room: int, ascii: bool) -> Text:
    """Return words that fit into some columns."""
    mark = "..." if ascii else "…"
    return Text(text if len(text) <= room else text[: room - len(mark)].rstrip() + mark)


def _recipient(row: Delivery) -> str:
    """Return the subscribers of a delivery in words, with their shares if there are several."""
    if not row.shares:
        return f"{row.subscriber} at {row.broker}, {row.destination}"
    shares = ", ".join(f"{share.subscriber} at {share.broker} {share.received}" for share in row.shares)
    return f"{shares}, {row.destination}"
