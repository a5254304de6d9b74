"""A judged history and a run folder's files → the content of the page, in its order, without any HTML."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from math import inf
from shlex import quote

from lab.base.dataclass import dataclass
from lab.history import DestinationSeen
from lab.judge import Judged
from lab.judge.values import CrossCheck, LinkReport, Outcome, Report, StepReport
from lab.judge.wording import gap
from lab.report.html.broker_texts import BrokerText, Files, broker_texts
from lab.report.html.faults import Band, Event, Fault, bands_of, events, faults, with_direction
from lab.report.html.lanes import FATES, LANES, TONES, WORDS, Anomaly, Lane, Window, anomalies, lanes, ways, window
from lab.report.html.latency import Distribution, Mark, distribution, round_step
from lab.report.html.network_map import NetworkMap, network_map
from lab.report.html.regions import Pair, pairs
from lab.report.html.totals import MORE, Tile, headline, tiles
from lab.report.picture import picture
from lab.report.trace import Trace

MOST_ANOMALIES, MOST_ROWS = 300, 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Strip:
    """A lane with the bands of the faults that concern it."""

    lane: Lane
    bands: tuple[Band, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkRow:
    """One direction of a link; delays are in percent of a scale that all directions share."""

    link: LinkReport
    configured: float
    p50: float | None
    p99: float | None
    dropped: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """The content of the page."""

    report: Report
    about: str
    started: str
    lasted: str
    headline: str
    grave: bool  # whether the report failed, so that missing messages are shown as bad
    fate_words: Mapping[str, str]  # of each fate
    tones: Mapping[str, str]  # of each fate in a drawing
    keys: tuple[str, ...]  # fates that the drawing's key names
    tiles: tuple[Tile, ...]
    steps: tuple[StepReport, ...]  # those that send or take messages
    more: tuple[tuple[str, str], ...]  # figures of deliveries that are not zero throughout, with their titles
    map: NetworkMap | None
    places: int
    pairs: tuple[Pair, ...]
    window: Window
    elsewhere: str
    ticks: tuple[Mark, ...]
    strips: tuple[Strip, ...]
    ways_left_out: int
    bands: tuple[Band, ...]
    faults: tuple[Fault, ...]
    faults_in_all: int
    anomalies: tuple[tuple[Anomaly, str], ...]  # each with the letters of the faults at its sending
    anomalies_in_all: int
    traces: tuple[Trace, ...]  # of the first message of each fate that is worth a look
    distributions: tuple[Distribution, ...]
    links: tuple[LinkRow, ...]
    cross_checks: tuple[CrossCheck, ...]
    counters: tuple[DestinationSeen, ...]
    events: tuple[Event, ...]
    events_in_all: int
    files: tuple[BrokerText, ...]
    versions: tuple[tuple[str, str], ...]
    rerun: tuple[str, ...]
    film: str  # its address; "" without one


def page(judged: Judged, files: Files) -> Page:
    """Return the content of the page."""
    report, evidence = judged.report, judged.evidence
    timeline, declared = evidence.timeline, evidence.header.declared
    found = ways(judged)
    on = (gap for gap in timeline.coverage.gaps if gap.t == inf)  # no line tells of a monitor that never came back
    shown, faults_in_all = faults([*timeline.seen, *on])
    shown = tuple(with_direction(fault) for fault in shown)
    seen = window(found, _moments(shown), timeline.end)
    drawn = lanes(found, seen)
    bands = bands_of(shown, seen)
    where = {broker.name: region.name for region in report.regions for broker in region.brokers}
    shown_regions = picture(report)
    listed, anomalies_in_all = anomalies(found, MOST_ANOMALIES)
    happened, events_in_all = events(timeline.seen)
    delays = {(link.leaving, link.reaching): link.configured_delay for link in report.links}
    distributions = (
        distribution(way, delays.get((where.get(way.source, ""), where.get(way.target, "")))) for way in found[:LANES]
    )
    checks = [check for check in report.cross_checks if check.arrived is not None or not check.agree]
    begun = "up" if evidence.header.standing else "run"
    return Page(
        report=report,
        about=str(declared.get("about", "")),
        started=_started(report.started),
        lasted=gap(max(timeline.end, 0.0)),
        headline=headline(report, timeline.complete),
        grave=report.outcome is Outcome.FAILED,
        fate_words=WORDS,
        tones=TONES,
        keys=tuple(fate for fate in FATES if any(line.fate == fate for lane in drawn for line in lane.lines)),
        tiles=tiles(report),
        more=tuple((name, title) for name, title in MORE if any(getattr(row, name) for row in report.deliveries)),
        steps=report.steps[:MOST_ROWS],
        map=network_map(shown_regions),
        places=len(shown_regions.places),
        pairs=pairs(shown_regions, report.outcome),
        window=seen,
        elsewhere=_elsewhere(seen, timeline.end),
        ticks=_ticks(seen),
        strips=tuple(
            Strip(
                lane=lane,
                bands=tuple(
                    band for band in bands if any(band.fault.touches(lane.source, b, where) for b in lane.brokers)
                ),
            )
            for lane in drawn
        ),
        ways_left_out=len(found) - len(drawn),
        bands=bands,
        faults=shown,
        faults_in_all=faults_in_all,
        anomalies=tuple((one, _letters_met(one, shown, where)) for one in listed),
        anomalies_in_all=anomalies_in_all,
        traces=files.traces,
        distributions=tuple(each for each in distributions if each is not None),
        links=_links(report.links),
        cross_checks=tuple(checks[:MOST_ROWS]),
        counters=tuple(samples[-1] for samples in timeline.destinations.values())[:MOST_ROWS],
        events=happened,
        events_in_all=events_in_all,
        files=broker_texts(files, declared),
        versions=_versions(report),
        rerun=(
            f"mqlab {begun} {files.scenario} --seed {report.seed}{_set_again(report.set)}",
            f"mqlab judge .mqlab/runs/{report.run}",
        ),
        film=files.film,
    )


def _set_again(values: Mapping[str, str]) -> str:
    """Return the options that set the same values again, as a shell takes them."""
    return "".join(f" --set {quote(f'{key}={value}')}" for key, value in values.items())


def _moments(shown: Sequence[Fault]) -> list[float]:
    """Return the begins and ends of faults, in seconds, which the timeline should show."""
    return [t for fault in shown for t in (fault.start, fault.end) if t is not None]


def _ticks(window: Window) -> tuple[Mark, ...]:
    """Return the labelled moments below the timeline."""
    span = window.end - window.start
    step = round_step(span, 6)
    first = int(window.start / step) - 1
    places = [step * (first + number) for number in range(int(span / step) + 4)]
    return tuple(
        Mark(x=window.x(t), label=f"{t:.10g} s" if step >= 0.001 else f"{t:.4f} s")
        for t in (round(place, 6) for place in places)
        if window.start <= t <= window.end
    )


def _elsewhere(window: Window, end: float) -> str:
    """Return a note on the time that is not drawn; "" if it is short."""
    shown = min(window.end, end) - max(window.start, 0.0)
    if end - shown < 0.1 * end:
        return ""
    return (
        f"{max(window.start, 0):.2f} s to {min(window.end, end):.2f} s of {end:.2f} s are drawn: "
        "before and after, no message was sent or received."
    )


def _letters_met(one: Anomaly, shown: Sequence[Fault], where: Mapping[str, str]) -> str:
    """Return the letters of the faults during which a message was sent."""
    targets = one.target.split(", ")
    return ", ".join(
        fault.letter
        for fault in shown
        if fault.start <= one.sent and (fault.end is None or one.sent <= fault.end)
        if any(fault.touches(one.source, target, where) for target in targets)
    )


def _links(reports: Sequence[LinkReport]) -> tuple[LinkRow, ...]:
    """Return the rows of links."""
    top = max((figure for link in reports for figure in (link.configured_delay, link.measured_p99 or 0.0)), default=0.0)

    def part(moment: float | None) -> float | None:
        return None if moment is None else round(moment / max(top * 1.05, 0.001) * 100, 2)

    return tuple(
        LinkRow(
            link=link,
            configured=part(link.configured_delay) or 0.0,
            p50=part(link.measured_p50),
            p99=part(link.measured_p99),
            dropped=", ".join(f"{count:,} by {cause}" for cause, count in link.dropped.items() if count) or "none",
        )
        for link in reports
    )


def _versions(report: Report) -> tuple[tuple[str, str], ...]:
    """Return the versions that ran, each with its name."""
    ran = [
        (
            broker.name,
            f"ActiveMQ {broker.activemq_version}"
            if broker.activemq_version
            else f"engine version {broker.engine_version}",
        )
        for region in report.regions
        for broker in region.brokers
    ]
    return (("mqlab", report.mqlab), *ran)


def _started(text: str) -> str:
    """Return the moment of the beginning in words; text that is no moment is returned unchanged."""
    try:
        return datetime.fromisoformat(text).strftime("%Y-%m-%d %H:%M:%S UTC")
    except ValueError:
        return text
