"""Judge of the expectation `network-page`: the rows of a broker's Network page."""

from __future__ import annotations

from lab.activemq.protocols import ENDPOINTS
from lab.declare.expectations.network_page import NetworkPage
from lab.history import BridgeSeen
from lab.judge.evidence.evidence import Evidence
from lab.judge.evidence.timeline import End
from lab.judge.expectations.base import judges
from lab.judge.findings import Finding, at_the_end, unknown
from lab.judge.wording import silent


@judges.register(NetworkPage)
def judge_network_page(expectation: NetworkPage, evidence: Evidence) -> Finding:
    """Judge the rows of a broker's Network page at the end."""
    timeline = evidence.timeline
    looks = (
        each
        for end, found in timeline.looks.items()
        if isinstance(end, End) and end.broker == expectation.broker
        for each in found
        if each.begin < timeline.end < each.end
    )
    silence = timeline.coverage.silence(expectation.broker, timeline.end, timeline.end) or next(looks, None)
    if silence is not None:
        return unknown(f"the rows of its Network page are unknown: {silent(silence)}", evidence)
    rows = [each for each in timeline.bridges.values() if each.up and each.broker == expectation.broker]
    its = [each for each in rows if each.remote == expectation.remote]
    if its:
        words = f"{expectation.broker}'s Network page: {'; '.join(map(_row, its))}"
    elif rows:
        words = f"{expectation.broker}'s Network page has no row for {expectation.remote}: {'; '.join(map(_row, rows))}"
    else:
        words = f"{expectation.broker}'s Network page is empty"
    return at_the_end(any(_fits(expectation, each) for each in its), words, evidence)


def _fits(expectation: NetworkPage, row: BridgeSeen) -> bool:
    """Return whether a row has the columns expected."""
    if expectation.created_by_duplex not in (None, row.created_by_duplex):
        return False
    if expectation.remote_port == "ephemeral":
        return _port(row).isdigit() and int(_port(row)) not in {each.port for each in ENDPOINTS}
    return expectation.remote_port is None or _port(row) == str(expectation.remote_port)


def _row(row: BridgeSeen) -> str:
    by = "true" if row.created_by_duplex else "false"
    return f"remote broker {row.remote}, remote port {_port(row) or 'unknown'}, created by duplex {by}"


def _port(row: BridgeSeen) -> str:
    return row.remote_address.rpartition(":")[2]
