"""Where a simulated run leaves its calibrated range, its verdicts are unknown by name, and nothing hangs."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from lab import labs
from lab.base.shipped import shipped
from lab.errors import LabTimeout
from lab.history import Uncalibrated, read
from lab.judge import Outcome

BURST = """
scenario: a burst
topology: topologies/tokyo-singapore.yaml
steps:
  - subscribe: {client: few, broker: tokyo, over: mqtt, topic: few}
  - subscribe: {client: many, broker: tokyo, over: mqtt, topic: many}
  - publish: {broker: singapore, over: mqtt, topic: few, count: 10}
  - wait: 2s
  - publish: {broker: singapore, over: mqtt, topic: many, count: COUNT}
expect:
  - latency: {to: [few], p99: 1s}
  - latency: {to: [many], p99: 50ms}
  - delivered: {to: [many], promise: exactly-once}
  - delivered: {to: [few], promise: at-least-once}
  - delivered: {to: [few], promise: exactly-once}
  - reachable: {from: tokyo, to: singapore}
  - bridge: {connector: connector_tokyo_to_singapore, up: both-ends}
"""
ROUND = """
scenario: round and round
topology: topologies/round.yaml
steps:
  - publish: {broker: tokyo, over: stomp, queue: orders, count: 1, persistent: yes}
  - wait: 10m
expect:
  - stuck: {broker: tokyo, queue: orders, count: 0}
  - reachable: {from: tokyo, to: singapore}
"""
REPLAYS = """<networkBridgeFilterFactory>
            <conditionalNetworkBridgeFilterFactory replayWhenNoConsumers="true"/>
          </networkBridgeFilterFactory>"""


@pytest.fixture
def scenarios(tmp_path: Path) -> Path:
    """Return a folder with the topologies and configurations that are shipped."""
    for each in ("topologies", "configurations"):
        shutil.copytree(shipped("scenarios") / each, tmp_path / "scenarios" / each)
    return tmp_path / "scenarios"


def test_above_the_speed_that_was_measured_what_rests_on_it_is_unknown(scenarios: Path, tmp_path: Path) -> None:
    (scenarios / "burst.yaml").write_text(BURST.replace("COUNT", "3500"))
    ran = labs.run(scenarios / "burst.yaml", runtime="simulation", runs=tmp_path, environment={})
    why = "singapore takes more than 3,000 messages within a second"
    (left,) = [each for each in read(ran.folder.history).observations if isinstance(each, Uncalibrated)]
    assert (left.broker, left.why) == ("singapore", why)
    assert 2 < left.since <= left.t < 4
    first, *rest = ran.report.verdicts
    assert first.outcome is Outcome.PASSED  # all of it was over by then
    outcomes = [str(each.outcome) for each in rest]
    assert outcomes == ["unknown", "unknown", "passed", "unknown", "passed", "unknown"]
    assert all(
        f"from {left.since:.3f} s on: {why}; by the models: " in each.reason
        for each in rest
        if each.outcome is Outcome.UNKNOWN
    )
    assert any(
        note.startswith(
            f"Outside the calibrated range: {why}. From {left.since:.3f} s on, the results of singapore and tokyo"
        )
        for note in ran.report.notes
    )


def test_below_it_nothing_is(scenarios: Path, tmp_path: Path) -> None:
    (scenarios / "burst.yaml").write_text(BURST.replace("COUNT", "2000"))
    ran = labs.run(scenarios / "burst.yaml", runtime="simulation", runs=tmp_path, environment={})
    assert Outcome.UNKNOWN not in {each.outcome for each in ran.report.verdicts}


def test_a_message_that_goes_in_a_circle_ends_the_run_which_names_it(scenarios: Path, tmp_path: Path) -> None:
    """Both sides include a queue that nobody reads, and both give back what nobody wants."""
    tokyo = scenarios / "configurations" / "tokyo.xml"
    entry = '<policyEntry queue="&gt;" gcInactiveDestinations="true" inactiveTimoutBeforeGC="600000"/>'
    connector = 'amazonaws.com:61617)"/>'
    text = tokyo.read_text()
    assert entry in text and connector in text
    queue = entry.replace("/>", f">{REPLAYS}</policyEntry>")
    static = '<staticallyIncludedDestinations><queue physicalName="orders"/></staticallyIncludedDestinations>'
    text = text.replace(entry, queue).replace(connector, f"{connector[:-2]}>{static}</networkConnector>")
    tokyo.write_text(text)
    topology = (scenarios / "topologies" / "replaying.yaml").read_text()
    (scenarios / "topologies" / "round.yaml").write_text(topology)
    (scenarios / "round.yaml").write_text(ROUND)
    ran = labs.run(scenarios / "round.yaml", runtime="simulation", runs=tmp_path, environment={}, raising=False)
    assert isinstance(ran.error, LabTimeout)
    assert ran.error.what.startswith("a message goes round in a circle: tokyo → singapore → tokyo, over ")
    assert [str(each.outcome) for each in ran.report.verdicts] == ["unknown", "unknown"]
    assert all(ran.error.what in each.reason for each in ran.report.verdicts)
