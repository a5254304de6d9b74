"""Histories made for tests of the report: a run that cuts a link, hostile texts, a great many messages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from lab.history import (
    Acknowledged,
    BridgeSeen,
    Ended,
    Header,
    LinkChanged,
    LinkSeen,
    Observation,
    Publishing,
    Received,
    SendOutcome,
    Sent,
    Subscribed,
    Trouble,
    lines,
)
from lab.judge import Judged, judge_whole
from tests.sealed import write

EVIL = "</script></title><script>alert(1)</script><img src=x onerror=alert(2)>\"'&amp;{{ 7*7 }}\u202e\x1b[2J\ud800"
TOPOLOGY: dict[str, Any] = {
    "topology": "two",
    "regions": {"tk": {"aws-region": "ap-northeast-1"}, "sg": {"aws-region": "ap-southeast-1"}},
    "brokers": {
        "tokyo": {"region": "tk", "engine-version": "5.18"},
        "singapore": {"region": "sg", "engine-version": "5.18"},
    },
}
EXACTLY = {"delivered": {"to": ["ear"], "promise": "exactly-once", "within": "1s"}}


def header(scenario: str = "a story", about: str = "why", expect: Iterable[object] = (EXACTLY,)) -> Header:
    declared = {"scenario": scenario, "about": about, "topology": TOPOLOGY, "steps": [], "expect": list(expect)}
    return Header(
        run="20261124-000000-abcdef",
        scenario=scenario,
        seed=7,
        runtime="emulation",
        started="2026-11-24T00:00:00.000+00:00",
        declared=declared,
        mqlab="0",
        activemq={"tokyo": "5.18.3", "singapore": "5.18.3"},
    )


def story(
    count: int = 40, *, topic: str = "topic://t", client: str = "ear", whole: bool = True
) -> Iterator[Observation]:
    """Tell of messages 10 ms apart, Tokyo to Singapore; of ten, one is lost, one late, one doubled, one in doubt."""
    yield BridgeSeen(
        t=0.0, connector="wan", broker="tokyo", remote="singapore", remote_address="", created_by_duplex=False, up=True
    )
    yield Subscribed(t=0.01, client=client, broker="singapore", over="mqtt", destination=topic, step=1)
    yield Publishing(
        t=0.02, step=2, client="p", broker="tokyo", over="mqtt", destination=topic, count=count, persistent=True,
        body="generated",
    )  # fmt: skip
    for leaving, reaching in (("tk", "sg"), ("sg", "tk")):
        yield LinkChanged(t=0.05, link="ocean", leaving=leaving, reaching=reaching, state="cut", impairment="delay 1ms")
    for number in range(1, count + 1):
        t = 0.1 + number / 100
        yield Sent(t=t, id=f"2-{number}")
        fate = number % 10
        outcome = SendOutcome.UNKNOWN if fate == 4 else SendOutcome.OK
        yield Acknowledged(t=t + 0.001, id=f"2-{number}", outcome=outcome)
        if fate in (1, 4):
            continue
        yield Received(t=t + (1.5 if fate == 2 else 0.04), client=client, destination=topic, id=f"2-{number}")
        if fate == 3:
            yield Received(t=t + 0.05, client=client, destination=topic, id=f"2-{number}")
    end = 2 + count / 100
    for leaving, reaching in (("tk", "sg"), ("sg", "tk")):
        yield LinkChanged(
            t=end - 1, link="ocean", leaving=leaving, reaching=reaching, state="open", impairment="delay 1ms"
        )
    yield Trouble(t=end - 0.5, who=client, what="lost its connection")
    yield LinkSeen(
        t=end, link="ocean", leaving="tk", reaching="sg", configured_delay_ms=35.0, measured_p50_ms=35.2,
        measured_p99_ms=36.0, packets=1000, dropped={"cut": 7},
    )  # fmt: skip
    if whole:
        yield Ended(t=end + 0.1, complete=True)


def written(path: Path, head: Header, seen: Iterable[Observation]) -> Path:
    return write(path, "".join(lines(head, seen)))


def judged(path: Path, head: Header | None = None, seen: Iterable[Observation] | None = None) -> Judged:
    return judge_whole(written(path, head or header(), story() if seen is None else seen))
