"""A setting without a model may be ignored by its name: what may depend on it is unknown, and the report says so."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lab import labs, vary
from lab.check.scenarios import plan_named
from lab.errors import InputError
from lab.history import Uncalibrated, read
from lab.judge import Outcome
from lab.operating import runtimes
from lab.simulation.ignoring import without
from tests.command import Commands

TOPOLOGY = """\
topology: two
regions:
  tokyo: {aws-region: ap-northeast-1, vpc: 10.1.0.0/16}
  osaka: {aws-region: ap-northeast-3, vpc: 10.2.0.0/16}
brokers:
  tokyo:
    region: tokyo
    configuration: tokyo.xml
    users: {testuser: {password: generated}}
  osaka:
    region: osaka
    users: {testuser: {password: generated}}
"""
SCENARIO = """\
scenario: without
topology: two.yaml
steps:
  - subscribe: {client: a, broker: tokyo, over: stomp, queue: orders}
  - subscribe: {client: b, broker: osaka, over: stomp, queue: bills}
  - publish: {broker: tokyo, over: stomp, queue: orders, count: 3}
  - publish: {broker: osaka, over: stomp, queue: bills, count: 3}
expect:
  - delivered: {to: [a], promise: exactly-once}
  - delivered: {to: [b], promise: exactly-once}
"""
XML = """\
<broker xmlns="http://activemq.apache.org/schema/core" useMirroredQueues="true" advisorySupport="true">
  <destinationPolicy><policyMap><policyEntries>
    <policyEntry queue=">" lazyDispatch="true" timeBeforeDispatchStarts="0" producerFlowControl="false">
      <slowConsumerStrategy><abortSlowConsumerStrategy/></slowConsumerStrategy>
    </policyEntry>
  </policyEntries></policyMap></destinationPolicy>
</broker>
"""
ALL = ("useMirroredQueues", "policyEntry@lazyDispatch", "abortSlowConsumerStrategy")


@pytest.fixture
def scenario(tmp_path: Path) -> Path:
    (tmp_path / "two.yaml").write_text(TOPOLOGY)
    (tmp_path / "tokyo.xml").write_text(XML)
    (tmp_path / "scenario.yaml").write_text(SCENARIO)
    return tmp_path / "scenario.yaml"


def refused(path: Path, *ignored: str) -> list[str]:
    planned = plan_named(str(path), {})
    its = runtimes.runtime("simulation", {}, ignored)
    return [str(each).replace(f"{path.parent}/", "") for each in its.refusals(planned.scenario, planned.plan)]


def test_what_is_ignored_is_not_refused_and_each_refusal_says_how(scenario: Path) -> None:
    assert [each.splitlines()[-1].partition(": ")[2] for each in refused(scenario)] == [
        "--ignore useMirroredQueues",
        "--ignore lazyDispatch",
        "--ignore abortSlowConsumerStrategy",
    ]
    assert len(refused(scenario, "lazyDispatch")) == 2
    assert refused(scenario, *ALL) == []


@pytest.mark.parametrize(
    ("name", "told"),
    [
        (
            "lazyDispatsh",
            [
                "--ignore lazyDispatsh: no configuration of the scenario has this setting",
                "  name a setting that can be ignored: useMirroredQueues, lazyDispatch, abortSlowConsumerStrategy",
            ],
        ),
        (
            "advisorySupport",
            [
                "tokyo.xml:1:81: --ignore advisorySupport: the setting is modelled as written",
                "  leave --ignore advisorySupport out",
            ],
        ),
        (
            "policyEntry@timeBeforeDispatchStarts",
            [
                "tokyo.xml:3:48: --ignore policyEntry@timeBeforeDispatchStarts: the setting is modelled as written",
                "  leave --ignore policyEntry@timeBeforeDispatchStarts out",
            ],
        ),
    ],
)
def test_a_name_that_is_about_no_setting_without_a_model_is_an_error(
    scenario: Path, name: str, told: list[str]
) -> None:
    [found] = refused(scenario, name, *ALL)
    assert found.splitlines() == told


def test_where_everything_has_a_model_there_is_nothing_to_ignore(scenario: Path) -> None:
    (scenario.parent / "tokyo.xml").write_text('<broker xmlns="http://activemq.apache.org/schema/core"/>')
    [found] = refused(scenario, "lazyDispatch")
    assert found.splitlines()[1] == "  leave --ignore out: the simulation has a model of every setting"


def test_what_may_depend_on_it_is_unknown_and_the_rest_is_judged(scenario: Path, tmp_path: Path) -> None:
    ran = labs.run(scenario, runtime="simulation", runs=tmp_path, environment={}, ignore=ALL)
    assert [each.outcome for each in ran.report.verdicts] == [Outcome.UNKNOWN, Outcome.PASSED]
    assert "tokyo is simulated without" in ran.report.verdicts[0].reason
    assert "from 0.000 s on" in ran.report.verdicts[0].reason
    assert "by the models: " in ran.report.verdicts[0].reason
    history = read(ran.folder.history)
    assert history.header.ignored == ALL
    told = [(each.broker, each.why) for each in history.observations if isinstance(each, Uncalibrated)]
    assert told == [
        ("tokyo", 'tokyo is simulated without useMirroredQueues="true" of <broker>'),
        ("tokyo", 'tokyo is simulated without lazyDispatch="true" of <policyEntry>'),
        ("tokyo", "tokyo is simulated without <abortSlowConsumerStrategy>"),
    ]
    assert ran.report.notes[0] == f"Simulated without {', '.join(ALL)}, as it was asked to: --ignore."
    assert ran.report.notes[0] in json.loads((ran.folder.path / "report.json").read_text())["notes"]


def test_what_is_ignored_is_not_in_the_models(scenario: Path, tmp_path: Path) -> None:
    """The model would read replayDelay, which is refused beside 0."""
    filters = '<conditionalNetworkBridgeFilterFactory replayWhenNoConsumers="true" replayDelay="9000"/>'
    xml = XML.replace("<slowConsumerStrategy>", f"<networkBridgeFilterFactory>{filters}</networkBridgeFilterFactory>")
    xml = xml.replace("<abortSlowConsumerStrategy/></slowConsumerStrategy>", "")
    (scenario.parent / "tokyo.xml").write_text(xml.replace('useMirroredQueues="true" ', ""))
    ran = labs.run(
        scenario, runtime="simulation", runs=tmp_path, environment={}, ignore=["replayDelay", "lazyDispatch"]
    )
    assert ran.report.verdicts[0].outcome is Outcome.UNKNOWN
    kept = (ran.folder.path / "brokers" / "tokyo" / "configuration.xml").read_text()
    assert 'replayDelay="9000"' in kept  # the run folder has what the service would have saved


def test_a_setting_of_a_connector_concerns_both_its_ends_whether_a_bridge_comes_up_or_not(
    scenario: Path, tmp_path: Path
) -> None:
    known = "    broker-id: b-7c1de7a0-5b0a-4c63-9d0e-2f6a8e41b3c5\n"
    topology = TOPOLOGY.replace("    region: osaka\n", f"    region: osaka\n{known}")
    topology += "links: [{between: [tokyo, osaka], link: {delay: 5ms}}]\n"
    (scenario.parent / "two.yaml").write_text(topology)
    host = "b-7c1de7a0-5b0a-4c63-9d0e-2f6a8e41b3c5-1.mq.ap-northeast-3.amazonaws.com"
    (scenario.parent / "tokyo.xml").write_text(
        '<broker xmlns="http://activemq.apache.org/schema/core"><networkConnectors><networkConnector name="wan" '
        f'userName="testuser" useCompression="true" uri="static:(ssl://{host}:61617?wireFormat.cacheEnabled=false)"/>'
        "</networkConnectors></broker>"
    )
    names = ["useCompression", "wireFormat.cacheEnabled"]
    made = without(plan_named(str(scenario), {}).plan, "tokyo", names)
    assert "useCompression" not in made.plan.broker("tokyo").saved
    assert [where for where, _ in made.ignored] == ["tokyo", "osaka"] * 2
    ran = labs.run(scenario, runtime="simulation", runs=tmp_path, environment={}, ignore=names)
    assert [each.outcome for each in ran.report.verdicts] == [Outcome.UNKNOWN, Outcome.UNKNOWN]
    [note] = [each for each in ran.report.notes if "useCompression=" in each]
    assert "the results of osaka and tokyo" in note


def test_real_brokers_ignore_nothing(scenario: Path, tmp_path: Path) -> None:
    for runtime in ("emulation", None):
        with pytest.raises(InputError, match="--ignore lazyDispatch is for the simulation") as caught:
            labs.run(scenario, runtime=runtime, runs=tmp_path, environment={}, ignore=["lazyDispatch"])
        assert "--runtime simulation" in caught.value.remedy or "--runtime simulation" in str(caught.value)


def test_many_runs_ignore_it_too(scenario: Path) -> None:
    with pytest.raises(InputError, match="lazyDispatch"):
        vary.run(scenario, seeds=[1], jobs=1, environment={})
    found = vary.run(scenario, seeds=[1], jobs=1, environment={}, ignore=ALL)
    assert [row.outcome for row in found.rows] == ["unknown"]


def test_commands_take_it_and_say_with_what_it_goes(scenario: Path, tmp_path: Path) -> None:
    mqlab = Commands(folder=tmp_path)
    words = [word for each in ALL for word in ("--ignore", each)]
    assert mqlab.inside("check", scenario, "--runtime", "simulation", *words).code == 0
    checked = mqlab.inside("check", scenario, *words)
    assert (checked.code, checked.err.splitlines()[-1]) == (2, "  write --runtime simulation too")
    checked = mqlab.inside("check", scenario, "--runtime", "emulation", *words)
    assert checked.code == 2 and "write --runtime simulation" in checked.err
    checked = mqlab.inside("check", tmp_path / "tokyo.xml", *words)
    assert checked.code == 2 and "--ignore is for scenarios" in checked.err
    ran = mqlab.inside("run", scenario, "--runtime", "simulation", "--quiet", *words)
    assert ran.code == 1 and "tokyo is simulated without <abortSlowConsumerStrategy>" in ran.out
    varied = mqlab.inside("vary", scenario, "--seeds", "2", "--jobs", "1", "--quiet", *words)
    assert varied.code == 1 and "unknown" in varied.out
