"""A compared scenario in words: for a terminal, and as rows of tables for a page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from bench.contract.comparison import Kind, Row
from bench.contract.contract import RUNS, Compared
from bench.contract.figures import RULES
from lab.base.units import several
from lab.runtime.congestion import MODELLED

_NOTHING = "–"


def lines(found: Compared) -> Iterator[str]:
    """Yield the summary of a scenario, and a line for each figure but counts and verdicts that agree."""
    yield f"{found.name}: {summary(found)}"
    for row in found.rows:
        if row.agrees and row.kind in (Kind.VERDICT, Kind.COUNT):
            continue
        mark = {True: "✔", False: "✘", None: "·"}[row.agrees]
        off = "" if row.off is None else f", {row.off:+.1%}"
        why = f": {row.why}" if row.why else ""
        yield f"{mark} {row.kind}, {row.name}: {row.emulated} in emulated runs, {row.simulated} simulated{off}{why}"
    if found.apart:
        theirs = sorted({its.machine.tcp for its in found.apart if its.machine is not None})
        count = several(len(found.apart), "emulated run")
        yield f"{count} left out: TCP was {', '.join(theirs)}, and models and brokers have {MODELLED} now: run again"
    if found.outdated:
        files = ", ".join(f"{found.name}/{its.digest}-{its.seed}.json" for its in found.outdated)
        count = several(len(found.outdated), "emulated run")
        yield f"{count} left out: figures are made by other rules now ({RULES}) than those of {files}; make them again"


def summary(found: Compared) -> str:
    """Return in one line whether a scenario's runs agree, and how many there were."""
    left = _left_out(found)
    if not found.emulated:
        return f"no emulated run is compared{left}" if left else "no emulated run is kept"
    compared = [row for row in found.rows if row.agrees is not None]
    held = sum(row.agrees is True for row in compared)
    few = "" if len(found.emulated) >= RUNS else f", fewer than {RUNS}"
    runs = f"{several(len(found.emulated), 'emulated run')}{few}{left}, {len(found.simulated)} simulated"
    return f"{held} of {several(len(compared), 'figure')} agree ({runs})"


def table(found: Iterable[Compared]) -> Iterator[str]:
    """Yield a table in Markdown with a line for each scenario."""
    yield "| scenario | emulated runs | load before | verdicts | counts | p50, p99: most off | throughput: most off |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    for each in found:
        loads = [its.machine.load for its in each.emulated if its.machine and its.machine.load is not None]
        load = f"{min(loads):.1f} to {max(loads):.1f}" if loads else _NOTHING
        cells = [
            each.name,
            str(len(each.emulated)) + (f", {left} left out" if (left := len(each.apart) + len(each.outdated)) else ""),
            load,
            *(_share(each.rows, kind) for kind in (Kind.VERDICT, Kind.COUNT)),
            *(_most_off(each.rows, kind) for kind in (Kind.LATENCY, Kind.THROUGHPUT)),
        ]
        yield f"| {' | '.join(cells)} |"


def disagreements(found: Iterable[Compared]) -> Iterator[str]:
    """Yield a table in Markdown with a line for each figure that does not agree."""
    yield "| scenario | figure | real brokers | simulated | off | why |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for each in found:
        for row in each.rows:
            if row.agrees is False:
                off = _NOTHING if row.off is None else f"{row.off:+.1%}"
                yield (f"| {each.name} | {_cell(row.name)} | {row.emulated} | {row.simulated} | {off} | {row.why} |")


def left_out(found: Iterable[Compared]) -> Iterator[str]:
    """Yield a table in Markdown with a line for each stream whose times are not compared."""
    yield "| scenario | stream | why | p50, real brokers | p50, simulated |"
    yield "| --- | --- | --- | --- | --- |"
    for each in found:
        for row in each.rows:
            if row.agrees is None:
                yield f"| {each.name} | {_cell(row.name)} | {row.why} | {row.emulated} | {row.simulated} |"


def _left_out(found: Compared) -> str:
    count = len(found.apart) + len(found.outdated)
    return f", {several(count, 'emulated run')} left out" if count else ""


def _share(rows: Sequence[Row], kind: Kind) -> str:
    found = [row for row in rows if row.kind is kind and row.agrees is not None]
    return f"{sum(row.agrees is True for row in found)} of {len(found)}" if found else _NOTHING


def _most_off(rows: Sequence[Row], kind: Kind) -> str:
    found = [row for row in rows if row.kind is kind and row.agrees is not None and row.off is not None]
    if not found:
        return _NOTHING
    most = max(found, key=lambda row: abs(row.off or 0.0))
    out = sum(row.agrees is False for row in found)
    return f"{most.off:+.1%}" + (f", {out} of {len(found)} out" if out else f", {len(found)} within")


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
