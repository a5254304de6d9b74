"""The expectations on the console: the rows of a Network page, and whether a topic is listed."""

from __future__ import annotations

from lab.amazonmq.names import ENDPOINTS
from lab.declare.expectations.network_page import NetworkPage
from lab.declare.expectations.topics_page import TopicsPage
from lab.history import BridgeSeen
from lab.judge.evidence.evidence import Evidence
from lab.judge.evidence.snapshots import Subject
from lab.judge.values import Outcome
from lab.judge.wording import moment


def judge_network_page(claim: NetworkPage, evidence: Evidence) -> tuple[Outcome, str]:
    """Judge the rows that a broker's Network page has when everything is over."""
    timeline = evidence.timeline
    rows = [each for each in timeline.bridges.values() if each.up and each.broker == claim.broker]
    its = [each for each in rows if each.remote == claim.remote]
    found = any(_fits(claim, each) for each in its)
    if its:
        words = f"{claim.broker}'s Network page: {'; '.join(map(_row, its))}"
    elif rows:
        words = f"{claim.broker}'s Network page has no row for {claim.remote}: {'; '.join(map(_row, rows))}"
    else:
        words = f"{claim.broker}'s Network page is empty"
    if not timeline.complete:
        return Outcome.UNKNOWN, f"the history is cut short at {moment(timeline.end)}; until then: {words}"
    return (Outcome.HELD if found else Outcome.BROKEN), words


def judge_topics_page(claim: TopicsPage, evidence: Evidence) -> tuple[Outcome, str]:
    """Judge whether a broker had a topic when a snapshot was taken."""
    part = evidence.timeline.snapshots.part(claim.at, claim.broker)
    if isinstance(part, str):
        return Outcome.UNKNOWN, part
    listed = Subject("destination", f"topic://{claim.topic}") in part.counted
    words = f"{claim.broker} {'lists' if listed else 'does not list'} {claim.topic} at {moment(part.t)}"
    return (Outcome.HELD if listed == claim.listed else Outcome.BROKEN), words


def _fits(claim: NetworkPage, row: BridgeSeen) -> bool:
    if claim.created_by_duplex not in (None, row.created_by_duplex):
        return False
    if claim.remote_port == "ephemeral":
        return _port(row).isdigit() and int(_port(row)) not in {each.port for each in ENDPOINTS}
    return claim.remote_port is None or _port(row) == str(claim.remote_port)


def _row(row: BridgeSeen) -> str:
    by = "true" if row.created_by_duplex else "false"
    return f"remote broker {row.remote}, remote port {_port(row) or 'unknown'}, created by duplex {by}"


def _port(row: BridgeSeen) -> str:
    return row.remote_address.rpartition(":")[2]
