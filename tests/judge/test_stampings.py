"""A history's header says for how long a broker lets messages live, whatever their senders asked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab import labs
from lab.amazonmq.configurations.stamping import Stamping
from lab.judge.evidence.configurations import stampings

SCENARIO = """\
scenario: stamped
topology:
  topology: stamped
  regions: {tokyo: {aws-region: ap-northeast-1, vpc: 10.1.0.0/16}}
  brokers: {tokyo: {region: tokyo, configuration: tokyo.xml, users: {testuser: {password: generated}}}}
steps:
  - subscribe: {client: a, broker: tokyo, over: stomp, queue: orders}
  - publish: {broker: tokyo, over: stomp, queue: orders, count: 1}
expect:
  - delivered: {to: [a], promise: exactly-once}
"""


def xml(attributes: str) -> str:
    plugin = f"<plugins><timeStampingBrokerPlugin {attributes}/></plugins>"
    return f'<broker xmlns="http://activemq.apache.org/schema/core">{plugin}</broker>'


@pytest.mark.parametrize(("attributes", "basis"), [('zeroExpirationOverride="9000"', "timer"), ("", "rule")])
def test_where_every_message_may_expire_a_verdict_rests_on_a_timer(tmp_path: Path, attributes: str, basis: str) -> None:
    (tmp_path / "tokyo.xml").write_text(xml(attributes))
    (tmp_path / "scenario.yaml").write_text(SCENARIO)
    ran = labs.run(tmp_path / "scenario.yaml", runtime="simulation", runs=tmp_path, environment={})
    assert [(str(each.outcome), str(each.basis)) for each in ran.report.verdicts] == [("passed", basis)]


def test_the_plugins_are_those_that_brokers_begin_with_and_those_that_steps_save() -> None:
    written = {"configuration": {"text": xml('ttlCeiling="5000"')}}
    declared = {
        "topology": {"brokers": {"tokyo": written, "osaka": {}}},
        "steps": [{"repeat": {"steps": [{"update-configuration": {"file": {"text": xml('futureOnly="true"')}}}]}}],
    }
    later = Stamping(future_only=True)
    assert stampings(declared) == {"tokyo": (Stamping(ceiling=5000), later), "osaka": (later,)}
    assert stampings({**declared, "steps": []}) == {"tokyo": (Stamping(ceiling=5000),)}
    assert stampings({}) == {}
