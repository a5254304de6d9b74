"""One run: texts and a combination in, the same figures out that `labs.run` gives."""

from __future__ import annotations

import pickle
import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from lab import labs
from lab.errors import InputError
from lab.extras.vary.combinations import Grid
from lab.extras.vary.run_one import run_one
from lab.extras.vary.texts import look
from tests.docs.pages import ROOT

DELAY = "links.tokyo-singapore.delay"
ONE = Grid(values={})


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """A copy of the shipped scenarios, to change."""
    return Path(shutil.copytree(ROOT / "scenarios", tmp_path / "mine"))


def test_the_figures_are_those_of_a_run(tmp_path: Path) -> None:
    grid = Grid(values={DELAY: ("50ms", "70ms")}, seeds=(3,))
    looked = look("tokyo-singapore", grid, {})
    row = run_one(looked.texts, grid.combination(1))
    here = {"runs": tmp_path, "runtime": "simulation", "environment": {}}
    ran = labs.run("tokyo-singapore", seed=3, set={DELAY: "70ms"}, reports=False, **here)
    assert (ran.folder.history.exists(), ran.folder.page.exists(), ran.folder.report.exists()) == (True, False, False)
    assert (row.outcome, row.seed, row.verdicts) == (str(ran.report.outcome), 3, ran.report.verdicts)
    assert [flow.latency for flow in row.flows] == [each.latency for each in ran.report.deliveries]
    assert (row.expected, row.delivered, row.lost, row.duplicates) == (20, 20, 0, 0)
    assert row.latency is not None and row.latency.max == max(
        each.latency.max for each in ran.report.deliveries if each.latency
    )
    assert row.took is not None and 0.07 < row.took < 5
    assert row.rate == pytest.approx(20 / row.took)
    assert row.cpu is not None and row.cpu > 0
    assert looked.name == "the article, replayed"


def test_another_machine_needs_no_file_of_the_scenario(mine: Path) -> None:
    looked = look(str(mine / "tokyo-singapore.yaml"), ONE, {})
    shutil.rmtree(mine)
    texts = pickle.loads(pickle.dumps(looked.texts))
    assert sorted(texts.files) == [
        "configurations/tokyo.xml",
        "tokyo-singapore.yaml",
        "topologies/tokyo-singapore.yaml",
    ]
    assert run_one(texts, ONE.combination(0)).outcome == "passed"


def test_files_that_a_value_names_go_along_and_bodies_too(mine: Path) -> None:
    (mine / "body.bin").write_bytes(b"\0\1")
    scenario = mine / "tokyo-singapore.yaml"
    scenario.write_text(scenario.read_text().replace("count: 10, qos: 1}", "count: 10, qos: 1, file: body.bin}"))
    other = shutil.copytree(mine / "topologies", mine / "others")
    shutil.copy(mine / "configurations" / "tokyo-small-window.xml", mine / "here.xml")
    values = {
        "topology": ("topologies/tokyo-singapore.yaml", "others/tokyo-singapore.yaml"),
        "brokers.tokyo.configuration": ("../configurations/tokyo.xml", "../here.xml"),
    }
    grid = Grid(values=values)
    looked = look(str(scenario), grid, {})
    shutil.rmtree(mine)
    assert {"body.bin", "here.xml", "others/tokyo-singapore.yaml"} < looked.texts.files.keys()
    assert other is not None
    rows = [run_one(looked.texts, of) for of in grid]
    assert [(row.delivered, row.why) for row in rows] == [(20, "")] * 4


def test_passwords_that_are_named_go_along_and_no_other_variable(mine: Path) -> None:
    topology = mine / "topologies" / "tokyo-singapore.yaml"
    topology.write_text(topology.read_text().replace("password: generated", "password: {env: BRIDGE_PASSWORD}"))
    environment = {"BRIDGE_PASSWORD": "over-the-ocean-1858", "OTHER": "secret"}
    looked = look(str(mine / "tokyo-singapore.yaml"), ONE, environment)
    assert looked.texts.environment == {"BRIDGE_PASSWORD": "over-the-ocean-1858"}
    assert run_one(looked.texts, ONE.combination(0)).outcome == "passed"


def test_the_times_of_a_persons_own_machine_go_along(tmp_path: Path) -> None:
    costs = tmp_path / "mine.toml"
    costs.write_text('[message]\nvalue = "5ms"\n')
    looked = look("tokyo-singapore", ONE, {"MQLAB_COSTS": str(costs)})
    costs.unlink()
    slow, usual = (run_one(its.texts, ONE.combination(0)) for its in (looked, look("tokyo-singapore", ONE, {})))
    assert slow.latency is not None and usual.latency is not None
    assert slow.latency.p50 > usual.latency.p50 + 5
    costs.write_text("nonsense = 1\n")
    with pytest.raises(InputError, match='a time "nonsense"'):
        look("tokyo-singapore", ONE, {"MQLAB_COSTS": str(costs)})


def test_time_that_does_not_end_is_what_its_row_says() -> None:
    looked = look("silent-partition", ONE, {})
    row = run_one(looked.texts, ONE.combination(0), timedelta(seconds=20))
    assert (row.outcome, row.exit_code) == ("error", 4)
    assert row.why.startswith("virtual time does not end: 20s have passed")
    assert (row.lost, row.latency, row.took) == (None, None, None)  # of a part nothing is said


def test_what_no_look_found_is_a_failed_row_that_names_the_file_as_it_was(mine: Path) -> None:
    grid = Grid(values={DELAY: ("40ms", "70ms")})
    looked = look(str(mine / "tokyo-singapore.yaml"), grid, {})
    broken = looked.texts.files | {"tokyo-singapore.yaml": b"scenario: [\n"}
    texts = type(looked.texts)(scenario=looked.texts.scenario, folder=looked.texts.folder, files=broken, environment={})
    row = run_one(texts, grid.combination(1))
    assert (row.outcome, row.exit_code) == ("error", 2)
    assert row.why.startswith(f"{mine}/tokyo-singapore.yaml:")


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (
            {"links.tokyo-singapor.delay": ("5ms", "6ms")},
            'no link named "tokyo-singapor"\n.*did you mean tokyo-singapore',
        ),
        ({DELAY: ("5ms", "6ms", "7")}, f"'7' has no unit.*\n.*in the combination {DELAY}=7"),
        ({"connectors.connector_tokyo_to_singapore.prefetchSize": ("1", "0")}, "in the combination .*prefetchSize=0"),
        ({"links.tokyo-singapore.dela": ("5ms", "6ms")}, "dela"),
    ],
)
def test_a_wrong_key_or_value_is_named_with_its_combination(values: dict[str, tuple[str, ...]], words: str) -> None:
    with pytest.raises(InputError, match=f"(?s){words}"):
        look("tokyo-singapore", Grid(values=values), {})


def test_a_topology_alone_has_nothing_to_run() -> None:
    with pytest.raises(InputError, match="has no steps"):
        look(str(ROOT / "scenarios" / "topologies" / "tokyo-singapore.yaml"), ONE, {})


def test_steps_that_take_longer_than_virtual_time_need_a_limit_of_their_own(tmp_path: Path) -> None:
    scenario = tmp_path / "long.yaml"
    regions = "regions: {a: {aws-region: eu-west-1, vpc: 10.1.0.0/16}}"
    brokers = "brokers: {b: {region: a, users: {user: {password: generated}}}}"
    steps = "[{wait: 9000h}, {wait: 1000h}]"
    scenario.write_text(f"scenario: long\ntopology: {{topology: t, {regions}, {brokers}}}\nsteps: {steps}\n")
    with pytest.raises(InputError, match="this step ends after 10000h at the earliest"):
        look(str(scenario), ONE, {})
    assert look(str(scenario), ONE, {}, timedelta(hours=10_001)).texts
