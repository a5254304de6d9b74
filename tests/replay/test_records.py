"""Amazon MQ's records of a broker where a simulation takes several steps at one moment."""

from __future__ import annotations

from pathlib import Path

from lab import labs
from lab.base.shipped import shipped

STEPS = """scenario: steps at one moment
topology: {topology}
steps:
  - update-configuration: {{configuration: tokyo-configuration, file: {file}}}
  - together:
      - update-user:   {{broker: tokyo, user: testuser, console-access: no}}
      - update-broker: {{broker: tokyo, configuration: tokyo-configuration}}
      - reboot:        {{broker: tokyo}}
expect:
  - configuration: {{broker: tokyo, pending: none, after: update-user}}
  - configuration: {{broker: tokyo, pending: 2, after: update-user}}
  - configuration: {{broker: tokyo, pending: 2, after: update-broker}}
  - broker-state:  {{broker: tokyo, state: REBOOT_IN_PROGRESS, after: update-broker}}
  - broker-state:  {{broker: tokyo, state: REBOOT_IN_PROGRESS, during: update-broker}}
  - broker-state:  {{broker: tokyo, state: REBOOT_IN_PROGRESS, during: reboot}}
"""


def test_the_record_after_a_step_is_not_that_of_the_next_step_at_the_same_moment(tmp_path: Path) -> None:
    scenario = tmp_path / "scenario.yaml"
    folder = shipped("scenarios")
    topology, file = folder / "topologies" / "not-yet-joined.yaml", folder / "configurations" / "tokyo.xml"
    scenario.write_text(STEPS.format(topology=topology, file=file))
    ran = labs.run(scenario, runtime="simulation", runs=tmp_path / "runs", environment={})
    moments = {step.ended for step in ran.judged.evidence.timeline.steps if step.verb.startswith("update-")}
    assert len(moments) == 2  # of the configuration; of the user and the broker
    assert [str(verdict.outcome) for verdict in ran.report.verdicts] == [
        "passed", "failed", "passed", "failed", "failed", "passed",
    ]  # fmt: skip
