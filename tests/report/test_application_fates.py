"""The fates of applications' messages that have an id in common or were sent again."""

from __future__ import annotations

from operator import attrgetter

from msgspec.structs import replace

from lab.declare.steps import STEPS
from lab.history import TransactionEnded, Watched
from lab.judge import Streamed
from lab.judge.judging import _judged
from lab.report.application_fates import Events, Fates, Reader
from tests.judge.test_applications import BEGAN, OBSERVED, sent, subscribed, taken
from tests.judge.test_message_ids import Seen, came, chosen, flat

RUNNING = replace(OBSERVED, standing=True, declared={**OBSERVED.declared, "expect": []})


def fates(*seen: Seen) -> Fates:
    """Return the fates in a running lab's history until 40 s."""
    watched = [Watched(t=float(t)) for t in range(0, 45, 5)]
    lines = [BEGAN, *sorted([*flat(seen), *watched], key=attrgetter("t"))]
    judged, events = _judged([], Streamed(RUNNING, lines), STEPS), Events()
    events.add(lines)
    return Reader(judged.evidence, judged.limits, events, {}, 10.0).fates()


def test_of_two_messages_with_one_id_each_has_its_own_fate() -> None:
    its = fates(subscribed(1), chosen(2), came(2.1), chosen(4))
    assert its.in_time == 1
    assert [(fate.state, fate.message) for fate in its.known.values()] == [("waiting", "ID:1 sent at 4.000 s")]
    assert fates(subscribed(1), chosen(2), came(2.1), chosen(4), came(4.1)).in_time == 2
    mixed = fates(subscribed(1), chosen(2), chosen(4))
    assert not mixed.known
    assert mixed.doubts[0].startswith("several messages have the id ID:1, and it is unknown which of them came")


def test_a_refused_message_that_is_sent_again_has_a_fate() -> None:
    its = fates(subscribed(1), sent(2, why="BrokerStoppedException: x"), sent(4))
    (fate,) = its.known.values()
    assert (fate.state, fate.message) == ("waiting", "ID:1") and "sent at 4.000 s" in fate.text


def test_a_message_that_is_newer_than_the_evidence_keeps_its_events() -> None:
    lines, events = [BEGAN, subscribed(1), sent(2), *taken(2.1)], Events()
    newer = [sent(3, 2), sent(3, 3, transaction="t")]  # read after the history was judged
    events.add([*lines, *newer])
    judged = _judged([], Streamed(RUNNING, [*lines, Watched(t=2.5)]), STEPS)
    events.keep(Reader(judged.evidence, judged.limits, events, {}, 10.0).fates(), {})
    committed = TransactionEnded(t=16.0, broker="tokyo", transaction="t", committed=True)
    watched = [Watched(t=float(t)) for t in range(5, 45, 5)]
    for until in (15, 40):
        grown = sorted([*lines, *newer, committed, *watched], key=attrgetter("t"))
        judged = _judged([], Streamed(RUNNING, [each for each in grown if each.t <= until]), STEPS)
        events.add([committed] if until == 40 else [])
        its = Reader(judged.evidence, judged.limits, events, {}, 10.0).fates()
        events.keep(its, {})
    assert sorted((fate.state, fate.message) for fate in its.known.values()) == [
        ("waiting", "ID:2"),
        ("waiting", "ID:3"),
    ]
    assert all("it waits at tokyo on queue://orders" in fate.text for fate in its.known.values())
    assert "ID:1" not in events.of
