"""Files *.scenario.yaml as tests: one for each expectation, of one run."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.pytest_plugin.conftest import RERUNNING, SCENARIO, Session

Runs = Callable[[], list[Path]]


def put(pytester: pytest.Pytester, up: str = "both-ends", name: str = "orders") -> Path:
    path = pytester.path / f"{name}.scenario.yaml"
    path.write_text(SCENARIO.replace("UP", up))
    return path


def test_each_expectation_is_a_test_of_one_run(pytester: pytest.Pytester, session: Session, runs: Runs) -> None:
    put(pytester)
    ended = session("-v", "--junit-xml=out.xml")
    ended.assert_outcomes(passed=2)
    ended.stdout.fnmatch_lines(["orders.scenario.yaml::1-delivered PASSED*", "orders.scenario.yaml::2-bridge PASSED*"])
    (folder,) = runs()
    assert not (folder / "film.html").exists()
    assert (pytester.path / "out.xml").read_text().count(f'name="mqlab-run-folder" value="{folder}"') == 2


def test_a_broken_one_says_its_verdict_folder_and_logs(pytester: pytest.Pytester, session: Session, runs: Runs) -> None:
    put(pytester, "nowhere")
    ended = session()
    ended.assert_outcomes(passed=1, failed=1)
    (folder,) = runs()
    ended.stdout.fnmatch_lines(
        [
            "*_ orders: bridge: {connector: connector_tokyo_to_singapore, up: nowhere} _*",
            "failed: bridge: {connector: connector_tokyo_to_singapore, up: nowhere}: up at both ends *",
            "*mqlab*",
            "known lines in the log of singapore (*):",
            f"run folder: {folder}",
        ]
    )
    assert (folder / "film.html").is_file()


def test_a_expectation_that_is_tried_again_has_a_run_of_its_own(
    pytester: pytest.Pytester, session: Session, runs: Runs
) -> None:
    pytester.makeconftest(RERUNNING)
    put(pytester, "nowhere")
    ended = session("--junit-xml=out.xml")
    ended.assert_outcomes(passed=1, failed=1)
    first, second = runs()
    ended.stdout.fnmatch_lines([f"run folder: {second}"])
    ended.stdout.no_fnmatch_line(f"run folder: {first}")
    text = (pytester.path / "out.xml").read_text()
    assert (text.count(f'value="{first}"'), text.count(f'value="{second}"')) == (1, 1)


def test_one_by_its_name_is_run_alone(pytester: pytest.Pytester, session: Session) -> None:
    put(pytester, "nowhere")
    session("orders.scenario.yaml::1-delivered").assert_outcomes(passed=1)
    session("-k", "delivered").assert_outcomes(passed=1, deselected=1)


def test_without_expectations_the_run_is_the_test(pytester: pytest.Pytester, session: Session) -> None:
    path = put(pytester)
    path.write_text(path.read_text().partition("expect:")[0])
    session("-v").stdout.fnmatch_lines(["orders.scenario.yaml::run PASSED*"])


@pytest.mark.parametrize(
    ("was", "written", "says"),
    [
        ("broker: tokyo,", "broker: tokio,", '*orders.scenario.yaml:6:25: no broker named "tokio"*'),
        ("expect:", "expects:", "*orders.scenario.yaml:7:1: *expects*"),
        ("scenario: orders", "scenario: [", "*orders.scenario.yaml:*"),
    ],
)
def test_a_mistake_in_a_file_is_told_with_its_place(
    pytester: pytest.Pytester, session: Session, was: str, written: str, says: str
) -> None:
    path = put(pytester)
    path.write_text(path.read_text().replace(was, written))
    ended = session("--collect-only")
    ended.assert_outcomes(errors=1)
    ended.stdout.fnmatch_lines([says])
    ended.stdout.no_fnmatch_line("*Traceback*")


def test_a_topology_has_nothing_to_run(pytester: pytest.Pytester, session: Session) -> None:
    path = put(pytester)
    path.write_text("regions: {}\nbrokers: {}\n")
    session().assert_outcomes(errors=1)


def test_what_a_runtime_refuses_fails_each_test_and_runs_nothing(pytester: pytest.Pytester, session: Session) -> None:
    path = put(pytester)
    path.write_text(path.read_text().replace("queue: orders", "topic: ActiveMQ.Advisory.Topic"))
    ended = session()
    ended.assert_outcomes(failed=2)
    ended.stdout.fnmatch_lines(["*orders.scenario.yaml:5:*: clients of a simulation cannot listen to advisories*"])
    assert not (pytester.path / ".mqlab").exists()


@pytest.mark.release
def test_one_worker_has_all_of_a_file(pytester: pytest.Pytester, session: Session, runs: Runs) -> None:
    for name in ("one", "two"):
        put(pytester, name=name)
    pytester.makepyfile("import pytest\n@pytest.mark.parametrize('n', range(4))\ndef test_lab(mqlab, n): pass")
    ended = session("-n", "2", "--dist", "loadgroup", inside=False)
    ended.assert_outcomes(passed=8)
    scenarios = [each for each in runs() if (each / "report.json").exists()]
    assert len(scenarios) == 2
    assert len(runs()) - len(scenarios) in (1, 2)  # a lab for each worker that had a test with one


@pytest.mark.parametrize("name", ["orders.yaml", "scenario.yaml", "orders.scenario.yaml.txt"])
def test_other_files_are_left_alone(pytester: pytest.Pytester, session: Session, name: str) -> None:
    (pytester.path / name).write_text("no: scenario")
    assert session().ret == pytest.ExitCode.NO_TESTS_COLLECTED
    assert os.listdir(pytester.path)  # noqa: PTH208
