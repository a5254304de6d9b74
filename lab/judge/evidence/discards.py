"""The counters of messages that brokers discard for slow bridges, each of which ends with a bridge's subscription."""

from __future__ import annotations

from lab.activemq.destinations import has_wildcard, hears
from lab.history.expected.records import is_queue
from lab.judge.evidence.evidence import Evidence
from lab.judge.evidence.snapshots import Rise
from lab.judge.wording import listed, moment, silent


def began_again(evidence: Evidence, broker: str, destination: str | None, rise: Rise) -> str:
    """Return why a topic's counter, any topic's if None, may have begun again or count too few; "" if it has not.

    A bridge subscribes as those do that hear the topic beyond it: to a wildcard, and it counts for that alone.
    """
    lost = "and the counter with it"
    for t, end, up in evidence.timeline.bridge_changes:
        if not up and rise.begin < t < rise.end and broker in (end.broker, end.remote):
            return f"the bridge of {listed(sorted((end.broker, end.remote)))} went down at {moment(t)}, {lost}"
    for silence in evidence.timeline.coverage.silences:
        if silence.kind == "management" and silence.begin < rise.end and silence.end > rise.begin:
            return f"{silent(silence)}, so that a bridge may have gone unseen, {lost}"
    for each in evidence.ledger.subscriptions.values():
        own = each.destination
        if each.broker == broker or is_queue(own) or (destination is not None and not hears(own, destination)):
            continue
        for gone in (*(end for _, end in each.windows), *each.breaks):
            if rise.begin < gone < rise.end:
                return f"{each.client} stopped listening at {moment(gone)}, {lost}"
        listened = any(start < rise.end and end > rise.begin for start, end in each.windows)
        if listened and (has_wildcard(own) or (destination is not None and own != destination)):
            return f"what a bridge discards for {each.client} is counted of {own}"
    return ""
