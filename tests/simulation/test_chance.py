"""What is a chance with real brokers is drawn by the seed, and the verdict that rests on it says so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lab import labs
from lab.base.shipped import shipped
from lab.declare.expectations.base import Basis
from lab.history import BridgeSeen, read
from lab.judge.values import Outcome

_PLAIN = '<broker xmlns="http://activemq.apache.org/schema/core"/>\n'
_PARALLEL = """
scenario: two connectors beside each other
topology: topology.yaml
steps:
  - subscribe: {client: desk, broker: singapore, over: stomp, topic: prices.eur}
  - wait:      {until: demand, broker: tokyo, topic: prices.eur}
  - wait:      1s
  - publish:   {broker: tokyo, over: stomp, topic: prices.eur, count: 10, rate: 20/s}
expect:
  - delivered: {to: desk, promise: exactly-once, within: 5s}
  - delivered: {to: desk, promise: at-least-once, within: 5s}
"""
_CUT = """
scenario: a message each 100 ms into a cut
topology: %s
steps:
  - subscribe: {client: desk, broker: singapore, over: stomp, queue: orders}
  - publish:   {broker: tokyo, over: stomp, queue: orders, count: 100, rate: 20/s}
  - cut:       {link: tokyo-singapore}
  - publish:   {broker: tokyo, over: stomp, queue: orders, count: 20, rate: 10/s}
  - wait:      %s
  - heal:      {link: tokyo-singapore}
expect:
  - recovered: {to: desk, after: heal, within: 2s}
  - recovered: {to: desk, after: heal, within: 1m}
"""

_RESET = """
scenario: a link that resets, noticed by the end that has nothing to say
topology: %s
steps:
  - subscribe: {client: desk, broker: tokyo, over: stomp, queue: orders}
  - reject:    {link: tokyo-singapore}
  - publish:   {broker: singapore, over: stomp, queue: orders, count: 5}
  - heal:      {link: tokyo-singapore}
  - wait:      25s
expect:
  - delivered: {to: desk, promise: exactly-once, within: 1m}
"""


def two_connectors(folder: Path, other: str) -> Path:
    """Write a scenario in which Tokyo has two connectors to Singapore, one with these attributes; return its path."""
    shipped_topology = shipped("scenarios") / "topologies" / "tokyo-singapore.yaml"
    text = shipped_topology.read_text("utf-8").replace("../configurations/", "")
    broker = re.search(r"broker-id: (b-7c1de7a0\S+)", text)
    assert broker is not None
    text = text.replace(
        broker[0], f"{broker[0]}\n    configuration: plain.xml"
    )  # no policy that drops what comes twice
    (folder / "topology.yaml").write_text(text, "utf-8")
    (folder / "plain.xml").write_text(_PLAIN, "utf-8")
    xml = (shipped("scenarios") / "configurations" / "tokyo.xml").read_text("utf-8")
    its = re.search(r"<networkConnector .*?/>", xml, re.DOTALL)
    assert its is not None
    another = its[0].replace('name="', 'name="another_').replace("/>", f" {other}/>")
    (folder / "tokyo.xml").write_text(xml.replace(its[0], its[0] + another), "utf-8")
    (folder / "scenario.yaml").write_text(_PARALLEL, "utf-8")
    return folder / "scenario.yaml"


def test_which_of_two_parallel_bridges_learns_first_of_a_consumer_is_drawn_by_the_seed(tmp_path: Path) -> None:
    """One connector suppresses a second subscription for the same consumer: only where it learns of it last.

    So real brokers deliver once or twice.
    """
    scenario = two_connectors(tmp_path, 'suppressDuplicateTopicSubscriptions="false"')
    reports = [
        labs.run(scenario, runtime="simulation", runs=tmp_path, environment={}, seed=seed, reports=False).report
        for seed in range(1, 9)
    ]
    assert {report.deliveries[0].duplicated for report in reports} == {0, 10}
    assert all([each.basis for each in report.verdicts] == [Basis.CHANCE] * 2 for report in reports)


def test_where_both_connectors_suppress_what_comes_twice_the_order_is_no_chance_for_the_subscriber(
    tmp_path: Path,
) -> None:
    scenario = two_connectors(tmp_path, "")
    for seed in range(1, 5):
        ran = labs.run(scenario, runtime="simulation", runs=tmp_path, environment={}, seed=seed, reports=False)
        assert [(each.outcome, each.basis) for each in ran.report.verdicts] == [(Outcome.PASSED, Basis.RULE)] * 2


@pytest.mark.parametrize("wait", ["3s", "18s"])
def test_the_first_message_after_a_cut_comes_as_soon_as_with_real_brokers(wait: str, tmp_path: Path) -> None:
    """At 50 ms each way it came 0.5 and 0.4 s after the heal with ActiveMQ 5.18.3 over Linux 6.18's TCP with cubic."""
    (tmp_path / "cut.yaml").write_text(
        _CUT % (shipped("scenarios") / "topologies" / "tokyo-singapore.yaml", wait), "utf-8"
    )
    moments = set[float]()
    for seed in range(1, 9):
        ran = labs.run(
            tmp_path / "cut.yaml",
            runtime="simulation",
            runs=tmp_path,
            environment={},
            seed=seed,
            set={"links.tokyo-singapore.delay": "50ms"},
            reports=False,
        )
        assert [(each.outcome, each.basis) for each in ran.report.verdicts] == [
            (Outcome.PASSED, Basis.CHANCE),  # a step sooner, and it would have come only with the next one
            (Outcome.PASSED, Basis.TIMER),
        ]
        history = read(ran.folder.history)
        healed = max(each.t for each in history.observations if each.kind == "link")
        first = min(each.t for each in history.observations if each.kind == "received" and each.t > healed)
        moments.add(round(first - healed, 3))
    assert 0.2 <= min(moments) < max(moments) <= 1.0


def test_when_an_end_of_a_bridge_next_says_that_it_is_there_is_drawn_by_the_seed(tmp_path: Path) -> None:
    """Singapore's end fails at the first message; Tokyo's learns of it when it sends its next sign of life."""
    scenario = tmp_path / "scenario.yaml"
    scenario.write_text(_RESET % (shipped("scenarios") / "topologies" / "tokyo-singapore.yaml"), "utf-8")
    noticed = []
    for seed in range(1, 9):
        ran = labs.run(scenario, runtime="simulation", runs=tmp_path, environment={}, seed=seed, reports=False)
        noticed += [
            line.t
            for line in read(ran.folder.history).observations
            if isinstance(line, BridgeSeen) and line.broker == "tokyo" and not line.up
        ]
    assert len(noticed) == 8 and max(noticed) - min(noticed) > 3, noticed
