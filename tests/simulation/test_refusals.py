"""What has no model is refused by name and place before anything runs; where no engine answers, a command is told."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest

from lab import labs
from lab.base.shipped import shipped
from lab.check.scenarios import plan_named
from lab.errors import HostError, InputError
from lab.operating import runtimes

TOPOLOGY = """\
topology: two
regions:
  tokyo: {aws-region: ap-northeast-1, vpc: 10.1.0.0/16}
brokers:
  tokyo:
    region: tokyo
    address: 10.1.0.10
    engine-version: 5.18
    configuration: tokyo.xml
    users:
      testuser: {password: generated}
"""
SCENARIO = """\
scenario: what has no model
about: Each line of it is refused.
topology: two.yaml
seed: 7
steps:
  - subscribe: {client: a, broker: tokyo, over: stomp, queue: orders}
  - publish: {broker: tokyo, over: stomp, queue: orders, count: 1}
expect:
  - log: {broker: tokyo, matches: memory-limit, absent: yes}
  - log: {broker: tokyo, matches: broker-started}
"""
XML = """\
<broker xmlns="http://activemq.apache.org/schema/core">
  <destinationPolicy>
    <policyMap>
      <policyEntries>
        <policyEntry queue=">" producerFlowControl="true" lazyDispatch="true"/>
      </policyEntries>
    </policyMap>
  </destinationPolicy>
</broker>
"""


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "two.yaml").write_text(TOPOLOGY)
    (tmp_path / "tokyo.xml").write_text(XML)
    (tmp_path / "scenario.yaml").write_text(SCENARIO)
    return tmp_path / "scenario.yaml"


def refused(path: Path) -> list[str]:
    with pytest.raises(InputError) as caught:
        labs.run(path, runtime="simulation", runs=path.parent / "runs", environment={})
    return [str(each).replace(str(path.parent), "") for each in caught.value.problems]


def test_each_thing_without_a_model_is_named_with_its_place(files: Path) -> None:
    found = refused(files)
    assert any(each.startswith("/tokyo.xml:5:") and "lazyDispatch" in each for each in found), found
    assert any(each.startswith("/scenario.yaml:9:") and "'memory-limit'" in each for each in found), found
    assert not [each for each in found if "broker-started" in each]
    assert not (files.parent / "runs").exists()


@pytest.mark.parametrize(
    ("matches", "how", "unwritten"),
    [
        ("password is invalid|PListStore|Scheduler", "absent: yes", ["PListStore", "Scheduler"]),
        ("password is invalid|PListStore", "times: {at-most: 2}", ["PListStore"]),
        ("(?i)(PASSWORD is (invalid|wrong))", "absent: yes", ["(?i)(PASSWORD is (wrong))"]),
        ("password is invalid|PListStore", "count: 1", []),  # what is seen was written
        ("password is (?:invalid)|Apache ActiveMQ .* started", "absent: yes", []),
        ("store-recovered", "absent: yes", []),  # its name says what it is about
    ],
)
def test_a_expectation_of_how_often_lines_stand_in_a_log_needs_a_line_of_the_model_for_each_alternative(
    files: Path, matches: str, how: str, unwritten: list[str]
) -> None:
    (files.parent / "tokyo.xml").write_text(XML.replace(' lazyDispatch="true"', ""))
    expectations = (
        SCENARIO.partition("expect:")[0] + f"expect:\n  - log: {{broker: tokyo, matches: '{matches}', {how}}}\n"
    )
    files.write_text(expectations)
    planned = plan_named(files, {})
    found = [str(each) for each in runtimes.runtime("simulation", {}).refusals(planned.scenario, planned.plan)]
    assert len(found) == len(unwritten), found
    for each, part in zip(found, unwritten, strict=True):
        assert f"{files}:9:" in each
        assert f"matches '{part}', an alternative of" in each


def test_a_wildcard_that_hears_advisories_and_a_expectation_on_memory_are_refused_at_their_lines(files: Path) -> None:
    files.write_text(
        """scenario: what has no model
topology: two.yaml
steps:
  - subscribe: {client: a, broker: tokyo, over: stomp, topic: ">"}
  - subscribe: {client: b, broker: tokyo, over: stomp, topic: "prices.>"}
expect:
  - counters: {broker: tokyo, memory: {at-most: 70%}}
"""
    )
    found = [each for each in refused(files) if each.startswith("/scenario.yaml")]
    assert [each.split(": ")[:2] for each in found] == [
        [
            "/scenario.yaml:4:63",
            "clients of a simulation cannot listen to advisories\n  run it with real brokers",
        ],
        ["/scenario.yaml:7:39", "the simulation has no model of a broker's memory\n  run it with real brokers"],
    ]


@pytest.mark.parametrize("scheme", ["masterslave", "static"])
def test_a_broker_that_tells_its_clients_of_others_is_refused_where_a_bridge_would_go_there(
    tmp_path: Path, scheme: str
) -> None:
    here, tells = shipped("scenarios"), '<transportConnector name="openwire" updateClusterClients="true"/>'
    for each in ("failover.yaml", "topologies/active-standby.yaml", "configurations/tokyo-masterslave.xml"):
        text = (here / each).read_text().replace("masterslave:(", f"{scheme}:(")
        (tmp_path / each).parent.mkdir(exist_ok=True)
        (tmp_path / each).write_text(
            text.replace("</broker>", f"<transportConnectors>{tells}</transportConnectors></broker>")
        )
    planned = plan_named(tmp_path / "failover.yaml", {})
    found = [str(each) for each in runtimes.runtime("simulation", {}).refusals(planned.scenario, planned.plan)]
    assert ["updateClusterClients" in each for each in found] == [True] * (scheme == "masterslave")


def test_a_pair_without_a_store_is_refused_and_a_single_broker_is_not(tmp_path: Path) -> None:
    here = shipped("scenarios")
    for each in ("failover.yaml", "topologies/active-standby.yaml", "configurations/tokyo-masterslave.xml"):
        text = (here / each).read_text().replace("<broker ", '<broker persistent="false" ')
        (tmp_path / each).parent.mkdir(exist_ok=True)
        (tmp_path / each).write_text(text)
    planned = plan_named(str(tmp_path / "failover.yaml"), {})
    [found] = [str(each) for each in runtimes.runtime("simulation", {}).refusals(planned.scenario, planned.plan)]
    assert 'persistent="false" for a pair' in found
    assert runtimes.runtime("simulation", {}, ["persistent"]).refusals(planned.scenario, planned.plan) == ()


@pytest.mark.parametrize(
    ("configuration", "create", "refused"),
    [
        ("tokyo-configuration", "", True),
        ("tokyo-2-configuration", "", False),  # the service removes it there: its broker's engine is older
        ("own", "  - create-configuration: {configuration: own, engine-version: 5.18}\n", True),
        ("own", "  - create-configuration: {configuration: own, engine-version: 5.16}\n", False),
    ],
)
def test_a_revision_is_read_as_by_the_engine_of_its_own_configuration(
    files: Path, configuration: str, create: str, refused: bool
) -> None:
    second = TOPOLOGY.partition("brokers:\n")[2].replace("5.18", "5.16").replace("10.1.0.10", "10.1.0.11")
    second = second.replace("  tokyo:\n", "  tokyo-2:\n").replace("    configuration: tokyo.xml\n", "")
    (files.parent / "two.yaml").write_text(TOPOLOGY.replace("    configuration: tokyo.xml\n", "") + second)
    (files.parent / "tokyo.xml").write_text(
        '<broker xmlns="http://activemq.apache.org/schema/core"><networkConnectors><networkConnector name="wan" '
        'uri="static:(ssl://b-1:61617)"><objectName>any</objectName></networkConnector></networkConnectors></broker>'
    )
    files.write_text(
        "scenario: a revision\ntopology: two.yaml\nsteps:\n"
        f"{create}  - update-configuration: {{configuration: {configuration}, file: tokyo.xml}}\n"
    )
    planned = plan_named(
        files, {}, version="5.18.3"
    )  # the lab has no 5.16 to run, and knows what the service permits there
    found = [str(each) for each in runtimes.runtime("simulation", {}).refusals(planned.scenario, planned.plan)]
    assert ["objectName" in each for each in found] == [True] * refused, found


def test_a_release_without_a_model_is_refused_at_its_line(files: Path) -> None:
    with pytest.raises(InputError, match=r"no model of ActiveMQ 6\.1\.0"):
        labs.run(files, runtime="simulation", activemq_version="6.1.0", environment={})


@pytest.mark.parametrize(
    ("steps", "beyond"),
    [
        ("[{wait: 9600h}]", ""),
        ("[{wait: 9600h}, {wait: 1ms}, {wait: 1h}]", ":2:25: this step ends after 34560000001ms at the earliest"),
        ("[{repeat: {times: 100, steps: [{wait: 100h}]}}]", ":2:10: this step ends after 10000h at the earliest"),
        ("[{publish: {broker: tokyo, over: stomp, topic: t, every: 9000h, count: 9999999}}]", ":2:10: this step ends"),
        ("[{publish: {broker: tokyo, over: stomp, topic: t, every: 20000000000h, count: 9}}]", ":2:10: this step ends"),
    ],
)
def test_steps_that_take_longer_than_virtual_time_are_refused_at_the_first_that_ends_beyond_it(
    tmp_path: Path, steps: str, beyond: str
) -> None:
    path = tmp_path / "scenario.yaml"
    (tmp_path / "two.yaml").write_text(TOPOLOGY.replace("    configuration: tokyo.xml\n", ""))
    path.write_text(f"scenario: long\nsteps: {steps}\ntopology: two.yaml\n")
    planned = plan_named(path, {})
    found = [str(each) for each in runtimes.runtime("simulation", {}).refusals(planned.scenario, planned.plan)]
    assert len(found) == bool(beyond) and all(beyond in each for each in found), found
    assert all("virtual time ends after 9600h" in each for each in found)
    longer = runtimes.simulation({}, timedelta(hours=10_001)).refusals(planned.scenario, planned.plan)
    assert bool(longer) == ("publish" in steps), "a limit of one's own may be later"


@pytest.mark.parametrize("name", sorted(path.stem for path in shipped("scenarios").glob("*.yaml")))
def test_every_shipped_scenario_is_taken(name: str) -> None:
    found = plan_named(name, {})
    assert runtimes.runtime("simulation", {}).refusals(found.scenario, found.plan) == ()


def test_where_no_engine_answers_the_error_ends_with_the_command_that_simulates(files: Path) -> None:
    nowhere = {**os.environ, "DOCKER_HOST": "tcp://127.0.0.1:1"}
    with pytest.raises(HostError) as caught:
        labs.run("tokyo-singapore", seed=9, set={"links.tokyo-singapore.delay": "70ms"}, environment=nowhere)
    assert caught.value.remedy.splitlines()[-1] == (
        "or use the simulation: "
        "mqlab run tokyo-singapore --set links.tokyo-singapore.delay=70ms --seed 9 --runtime simulation"
    )
    with pytest.raises(HostError) as caught:
        labs.run(files, environment=nowhere)
    assert "--runtime simulation" not in caught.value.remedy


def test_the_environment_chooses_the_runtime_and_an_unknown_one_is_refused(tmp_path: Path) -> None:
    ran = labs.run("tokyo-singapore", runs=tmp_path, environment={"MQLAB_RUNTIME": "simulation"})
    assert ran.passed and '"runtime":"simulation"' in ran.folder.history.read_text().splitlines()[0]
    with pytest.raises(InputError, match='no runtime named "real"'):
        labs.run("tokyo-singapore", runs=tmp_path, environment={"MQLAB_RUNTIME": "real"})


@pytest.mark.parametrize(("tcp", "refused"), [("cubic", 0), ("host", 0), ("bbr", 1)])
def test_another_congestion_control_than_models_have_is_refused_by_name(tcp: str, refused: int) -> None:
    planned = plan_named(shipped("scenarios") / "tokyo-singapore.yaml", {}, set={"tcp": tcp})
    found = [str(each) for each in runtimes.runtime("simulation", {}).refusals(planned.scenario, planned.plan)]
    assert len(found) == refused
    assert all("the simulation has no model of bbr, only of cubic" in each for each in found)
