"""Shipped scenarios without their causes: simulated, each is broken for the reason that real brokers gave."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from lab import labs
from lab.judge import Outcome
from lab.shipped import shipped
from tests.replay.leaving_out import LEFT_OUT, LeftOut

Change = Callable[[str], str]


def replacing(*pairs: tuple[str, str]) -> Change:
    def change(text: str) -> str:
        for old, new in pairs:
            assert old in text
            text = text.replace(old, new)
        return text

    return change


def only_the_first(text: str) -> str:
    return re.sub(r'"masterslave:\((ssl:[^,]*),[^)]*\)"', r'"static:(\1)"', text)


def without(*beginnings: str) -> Change:
    def change(text: str) -> str:
        return "\n".join(line for line in text.splitlines() if not line.strip().startswith(beginnings)) + "\n"

    return change


def without_the_first(text: str) -> str:
    gone = text.replace("  - unsubscribe: {client: first}\n", "")
    second = "  - subscribe:   {client: second"
    return gone.replace(second, f"  - unsubscribe: {{client: first}}\n  - wait: 2s\n{second}")


# Scenario, file, what is changed in it, and what the reasons of the broken verdicts say.
SPOILT: list[tuple[str, str, Change, tuple[str, ...]]] = [
    (
        "tokyo-singapore",
        "tokyo-singapore.yaml",
        replacing(("steps:\n", "steps:\n  - reject: {link: tokyo-singapore}\n")),
        ("after link tokyo-singapore began to reject", "10 of 10 lost on the way to tk"),
    ),
    ("one-way", "configurations/tokyo-one-way.xml", replacing(('duplex="false"', 'duplex="true"')), ("duplex", "tk")),
    (
        "cut-and-heal",
        "cut-and-heal.yaml",
        without("- heal:", "- wait:"),
        ("lost on the way to warehouse", "tokyo-singapore was cut"),
    ),
    (
        "durable-reboot",
        "durable-reboot.yaml",
        replacing(("durable: yes, client-id: ledger, ", "")),
        ("lost on the way to ledger",),
    ),
    (
        "mqtt-session",
        "mqtt-session.yaml",
        replacing((", clean-session: no, client-id: phone", "")),
        ("tokyo forwarded 5 messages of topic://alerts",),
    ),
    ("retained", "retained.yaml", without_the_first, ("second received 1 message, first 1-1 sent at",)),
    (
        "qos",
        "qos.yaml",
        replacing((", clean-session: no, client-id: two", "")),
        ("20 of 20 lost on the way to two", "link tokyo-singapore began to reject"),
    ),
    (
        "slow-bridge",
        "configurations/tokyo-small-window.xml",
        replacing(('limit="1000"', 'limit="100000"')),
        ("tokyo discarded 0 messages of topic://prices for a slow bridge, asked were at least 1",),
    ),
    (
        "small-window",
        "configurations/tokyo-small-window.xml",
        replacing((' prefetchSize="10"', "")),
        ("between before and unanswered: dispatched ", ", asked were 10"),
    ),
    (
        "stuck-messages",
        "configurations/singapore-replaying.xml",
        replacing(('replayWhenNoConsumers="true"', 'replayWhenNoConsumers="false"')),
        ("100 messages of queue://orders left on singapore without a consumer, asked were 0",),
    ),
    (
        "mqtt-stomp-amqp",
        "configurations/tokyo.xml",
        replacing(('duplex="true"', 'duplex="false"')),
        ("20 of 20 lost on the way to archive", "singapore forwarded 0 messages of queue://readings, asked were 20"),
    ),
    (
        "failover",
        "configurations/tokyo-masterslave.xml",
        only_the_first,
        ("lost on the way to warehouse", "up nowhere"),
    ),
    (
        "closed-security-group",
        "topologies/guarded.yaml",
        replacing(("[{from: 127.0.0.1/32}]", "[{from: 127.0.0.1/32}, {port: 61617, from: 10.1.0.0/24}]")),
        ("open after", "no such line in the log of tokyo", "0 packets dropped"),
    ),
    (
        "missing-return-route",
        "topologies/one-route.yaml",
        replacing(
            (
                "rtb-singapore: {region: singapore}",
                "rtb-singapore: {region: singapore, routes: [{destination: 10.1.0.0/24, peering: tokyo-singapore}]}",
            )
        ),
        ("open after", "0 packets dropped"),
    ),
    (
        "asymmetric-delay",
        "asymmetric-delay.yaml",
        without("- impair:    {link: tokyo-singapore, leaving: singapore"),
        ("to tk", "150ms"),
    ),
    (
        "broker-killed",
        "broker-killed.yaml",
        lambda text: without("- start:", "- recovered:", "- bridge:", "- log:")(text).replace("2m", "10s"),
        ("tokyo was killed (never started again)", "lost on the way to warehouse"),
    ),
    (
        "cut-topics",
        "cut-topics.yaml",
        lambda text: without("- reject:")(text).replace(
            "- heal:        {link: tokyo-singapore}   # the", "- impair: {link: tokyo-singapore, delay: 35ms}   # the"
        ),
        ("desk received ", " messages, first"),
    ),
    ("jitter-and-loss", "jitter-and-loss.yaml", without("- impair:"), ("70ms",)),
    ("narrow-link", "narrow-link.yaml", replacing((", rate: 1mbit, queue: 256KiB", "")), ("440ms",)),
    ("small-buffers", "small-buffers.yaml", replacing(("delay: 100ms", "delay: 1ms")), ("2500ms",)),
    (
        "silent-partition",
        "silent-partition.yaml",
        replacing(("100s", "10s"), ("- heal:", "- wait: 1s\n  - heal:")),
        ("up at both ends when the time was over, 10.0 s after cut", "no such line in the log of tokyo after cut"),
    ),
    (
        "wrong-password",
        "topologies/wrong-password.yaml",
        replacing(("MQ-lab-2026", "MQ-lab-2019")),
        ("up at both ends", "no such line in the log of singapore", "warehouse received 10 messages"),
    ),
    (
        "revision-pending",
        "revision-pending.yaml",
        replacing(("- reboot:    {broker: tokyo}", "- reboot:    {broker: singapore}"), ("60s}", "8s}")),
        ("tokyo has tokyo-configuration revision 1, pending tokyo-configuration revision 2 after reboot",),
    ),
    (
        "user-not-rebooted",
        "user-not-rebooted.yaml",
        replacing(("- reboot: {broker: singapore}", "- reboot: {broker: tokyo}"), ("90s}", "10s}")),
        ("the user bridge of singapore has a pending CREATE after reboot", "10.0 s after reboot"),
    ),
]


@pytest.mark.parametrize(("name", "file", "change", "words"), SPOILT, ids=[each[0] for each in SPOILT])
def test_without_its_cause_it_is_broken(
    name: str, file: str, change: Change, words: tuple[str, ...], tmp_path: Path
) -> None:
    shutil.copytree(shipped("scenarios"), tmp_path / "scenarios")
    spoilt = tmp_path / "scenarios" / file
    before = spoilt.read_text()
    spoilt.write_text(change(before))
    assert spoilt.read_text() != before
    ran = labs.run(
        tmp_path / "scenarios" / f"{name}.yaml", runtime="simulation", runs=tmp_path / "runs", environment={}
    )
    broken = " ".join(each.reason for each in ran.report.verdicts if each.outcome is Outcome.BROKEN)
    assert ran.report.outcome is Outcome.BROKEN, [str(each) for each in ran.report.verdicts]
    for each in words:
        assert each in broken


def test_a_hub_joins_its_spokes_no_further_than_its_connectors_let_it(tmp_path: Path) -> None:
    ttl = {f"connectors.{spoke}-topics.networkTTL": "1" for spoke in ("virginia", "frankfurt")}
    ran = labs.run("hub-and-spokes", runtime="simulation", runs=tmp_path, environment={}, set=ttl)
    broken = " ".join(each.reason for each in ran.report.verdicts if each.outcome is Outcome.BROKEN)
    counted = {each.subscriber: (each.expected, each.received) for each in ran.report.deliveries}
    assert counted == {"desk": (10, 10), "screen": (10, 0), "clerk": (10, 0)}
    assert "no network consumer" in broken


@pytest.mark.parametrize("left_out", LEFT_OUT, ids=[each.name for each in LEFT_OUT])
def test_the_article_without_one_of_its_steps_is_broken_for_want_of_it(left_out: LeftOut, tmp_path: Path) -> None:
    scenario = left_out.written(tmp_path)
    ran = labs.run(scenario, runtime="simulation", runs=tmp_path / "runs", environment={})
    assert left_out.misses(json.loads(ran.folder.report.read_text())["verdicts"]) == []
