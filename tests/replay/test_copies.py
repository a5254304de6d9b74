"""Messages that two brokers have, since the bridge between them went down before the answers came."""

from __future__ import annotations

from pathlib import Path

from lab import labs
from lab.base.shipped import shipped

STOPPED = """scenario: a connector is stopped before the answers have come
topology: {topology}
steps:
  - subscribe: {{client: warehouse, broker: singapore, over: stomp, queue: orders}}
  - wait: {{until: demand, broker: tokyo, queue: orders}}
  - publish: {{broker: tokyo, over: stomp, queue: orders, count: 50}}
  - connector: {{broker: tokyo, name: connector_tokyo_to_singapore, do: stop}}
expect:
  - delivered: {{to: warehouse, promise: exactly-once}}
  - stuck: {{broker: tokyo, queue: orders, count: 0}}
"""


def test_messages_that_crossed_without_an_answer_are_not_called_those_of_no_step(tmp_path: Path) -> None:
    scenario = tmp_path / "scenario.yaml"
    scenario.write_text(STOPPED.format(topology=shipped("scenarios") / "topologies" / "tokyo-singapore.yaml"))
    delivered, stuck = labs.run(scenario, runtime="simulation", runs=tmp_path, environment={}).report.verdicts
    assert str(delivered.outcome) == "passed"
    kept = stuck.reason.split(" ", 1)[0]
    assert stuck.reason == (
        f"{kept} messages of queue://orders left on tokyo without a consumer, asked were 0; accepted and received by "
        f"no client: none; {kept} may be copies: a bridge that went down had no answer for them"
    )
