"""The screen of `mqlab status --watch`: two polls of a lab → lines of text. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from lab.base.dataclass import dataclass
from lab.base.printable import plain_line
from lab.history import LinkSeen
from lab.history.display import Row, Weight
from lab.living.polls import Look, Rates, rate
from lab.runtime.status import ABSENT, BridgeStatus, BrokerStatus

_EVENTS = 5  # lines that events have at least, with their title
_BAD, _TITLE = "red", "bold"
_STYLES = {Weight.PLAIN: "", Weight.STEP: "bold", Weight.FAULT: "bold red"}
_ARROWS = {"⇄": "<->", "→": "->", "←": "<-", "…": "..."}  # in a terminal without them


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One part of a lab: its name, and its figures."""

    name: str
    figures: str
    bad: bool = False


def screen(
    now: Look, before: Look | None = None, *, width: int, height: int | None = None, ascii: bool = False
) -> list[Text]:
    """Return the lines that show a lab: brokers, bridges, links, queues, and the last events.

    Rates are between two polls, and – at the first one. No line is wider than `width` cells. There are `height` lines
    at most; None for no limit. A part that does not fit has a line about the rest, and shows its bad lines first.
    """
    note = now.status.note
    head = f"{note.run}  {now.clock}  {note.scenario}"
    parts = {
        "brokers": [_broker(each) for each in now.status.brokers],
        "bridges, messages a second": [_bridge(each, Rates(now, before)) for each in now.status.bridges],
        "links, one way, packets a second": list(_links(now, before)),
        "queues, messages waiting": list(_queues(now, Rates(now, before))),
    }
    shown = {title: _laid(its, width) for title, its in parts.items() if its}
    events = [_event(row) for row in now.events]
    room = {title: len(its) for title, its in shown.items()}
    if height is not None:
        room = _room(height - 1 - (_EVENTS if events else 0), shown)
    lines: list[_Line] = [(head, _TITLE)]
    for title, its in shown.items():
        all_ = len(its)
        chosen = its if room[title] == all_ else sorted(its, key=lambda lines: lines[0][1] != _BAD)[: room[title]]
        name, comma, unit = title.partition(",")
        lines.append((title if len(chosen) == all_ else f"{name} {len(chosen)} of {all_}{comma}{unit}", _TITLE))
        lines += (line for each in chosen for line in each)
    left = _EVENTS if height is None else height - len(lines) - 1
    if events and left > 0:
        lines += [("events", _TITLE), *events[-left:]]
    return [Text(_fitting(text, width, ascii), style) for text, style in lines[:height]]


_Line = tuple[str, str]  # a text, and its style


def _laid(items: Sequence[Item], width: int) -> list[list[_Line]]:
    """Return each item's lines: one if all fit into the width beside each other in columns, else two."""
    names = max((cell_len(plain_line(each.name)) for each in items), default=0)
    figures = max((cell_len(plain_line(each.figures)) for each in items), default=0)
    found: list[list[_Line]] = []
    for each in items:
        style = _BAD if each.bad else ""
        if names + figures + 4 <= width:
            padding = " " * (names - cell_len(plain_line(each.name)))
            found.append([(f"  {each.name}{padding}  {each.figures}", style)])
        else:
            found.append([(f" {each.name}", style), (f"  {each.figures}", style)])
    return found


def _room(height: int, parts: Mapping[str, Sequence[Sequence[_Line]]]) -> dict[str, int]:
    """Return how many items of each part there is room for, beside its title: one at least, then one more in turn."""
    found = dict.fromkeys(parts, 1)
    left = height - sum(1 + len(its[0]) for its in parts.values())
    while more := [title for title, its in parts.items() if found[title] < len(its) and len(its[0]) <= left]:
        for title in more:
            if len(parts[title][0]) <= left:
                found[title] += 1
                left -= len(parts[title][0])
    return found


def _fitting(text: str, width: int, ascii: bool) -> str:
    if ascii:
        for sign, instead in _ARROWS.items():
            text = text.replace(sign, instead)
    line = plain_line(text, ascii).rstrip()
    if cell_len(line) <= width:
        return line
    dots = "..." if ascii else "…"
    return f"{set_cell_size(line, max(width - len(dots), 0)).rstrip()}{dots}"[: max(width, 0)]


def _broker(status: BrokerStatus) -> Item:
    if status.container == ABSENT:
        return Item(name=status.name, figures=ABSENT)
    answers = status.version is not None or status.role == "standby"  # whose ports refuse connections
    parts = [status.container]
    if status.container == "running":
        parts += [status.health, status.role, "" if answers else "does not answer"]
    memory = f"{status.memory / 2**20:.0f} MiB" if status.memory else ""
    return Item(
        name=status.name,
        figures=", ".join(part for part in (*parts, memory) if part),
        bad=status.container != "running" or status.health == "unhealthy",
    )


def _bridge(status: BridgeStatus, rates: Rates) -> Item:
    arrow = "⇄" if status.duplex else "→"
    name = f"{status.initiator} {arrow} {status.responder} {status.connector}"
    if not status.up:
        return Item(name=name, figures=f"down: {status.why_not or 'the logs give no reason yet'}", bad=True)
    there = f"→ {rates.of_bridge(status.connector, status.initiator, status.responder)}"
    back = f"  ← {rates.of_bridge(status.connector, status.responder, status.initiator)}" if status.duplex else ""
    return Item(name=name, figures=f"up  {there}{back}")


def _links(now: Look, before: Look | None) -> Iterator[Item]:
    if not now.status.links:
        yield Item(name="the router does not run", figures="nothing passes", bad=True)
    known = {(way.link, way.leaving): way for way in _ways(before)}
    for link in now.status.links:
        for way, state in zip(link.directions, link.states, strict=True):
            measured = "nothing measured yet"
            if way.measured_p50_ms is not None and way.measured_p99_ms is not None:
                measured = f"{way.measured_p50_ms:g} measured, p99 {way.measured_p99_ms:g}"
            closed = "" if state == "open" else f"{state}, "
            speed = (
                rate(way.packets, way.t, last.packets, last.t) if (last := known.get((way.link, way.leaving))) else "–"
            )
            yield Item(
                name=f"{way.leaving} → {way.reaching}",
                figures=f"{closed}{way.configured_delay_ms:g} ms configured, {measured}, {speed}/s",
                bad=bool(closed),
            )


def _ways(look: Look | None) -> Iterator[LinkSeen]:
    for link in () if look is None else look.status.links:
        yield from link.directions


def _queues(now: Look, rates: Rates) -> Iterator[Item]:
    queues = [each for each in now.counted if each.of == "destination" and each.name.startswith("queue://")]
    for each in sorted(queues, key=lambda its: (-its.counters.get("queued", 0), its.name, its.broker)):
        come, gone = (rates.of(each, name) for name in ("enqueued", "dequeued"))
        consumers = each.counters.get("consumers", 0)
        yield Item(
            name=f"{each.name.removeprefix('queue://')} at {each.broker}",
            figures=f"{each.counters.get('queued', 0)}, in {come}/s, out {gone}/s, consumers {consumers}",
        )


def _event(row: Row) -> _Line:
    sign = {Weight.PLAIN: " ", Weight.STEP: ">", Weight.FAULT: "!"}[row.weight]
    return f"{row.t:9.1f} {sign} {row.actor}  {row.text}", _STYLES[row.weight]
