"""Sessions of pytest within tests: the plugin as a person has it, with runs and state in the test's own folder."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from lab import labs
from lab.pytest_plugin import scenario_file as _loaded_too  # noqa: F401
from lab.pytest_plugin import session_labs as _loaded_before_sessions  # noqa: F401
from tests.docs.pages import ROOT

INSTALLED = any(each.group == "pytest11" for each in entry_points(name="mqlab"))
PLUGIN = () if INSTALLED else ("-p", "lab.pytest_plugin.plugin")
SCENARIO = f"""
scenario: orders
topology: {ROOT}/scenarios/topologies/tokyo-singapore.yaml
steps:
  - subscribe: {{client: audit, broker: singapore, over: stomp, queue: orders}}
  - publish:   {{broker: tokyo, over: stomp, queue: orders, count: 3, body: "order {{n}}"}}
expect:
  - delivered: {{to: audit, queue: orders, promise: exactly-once, within: 5s}}
  - bridge:    {{connector: connector_tokyo_to_singapore, up: UP}}
"""

# Runs a test that has failed again, as plugins do.
RERUNNING = """
from _pytest.runner import runtestprotocol

def pytest_runtest_protocol(item, nextitem):
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    reports = runtestprotocol(item, nextitem=nextitem, log=False)
    if any(each.failed for each in reports):
        reports = runtestprotocol(item, nextitem=nextitem, log=False)
    for each in reports:
        item.ihook.pytest_runtest_logreport(report=each)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True
"""

Session = Callable[..., pytest.RunResult]


@pytest.fixture(scope="session", autouse=True)
def _everything_is_loaded(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A session within this process forgets the modules that it was the first to load; some load only once."""
    folder = tmp_path_factory.mktemp("loaded")
    assert labs.run("tokyo-singapore", runtime="simulation", runs=folder, environment={}).passed


@pytest.fixture
def session(pytester: pytest.Pytester) -> Session:
    """A function that runs pytest in this process, on simulated labs unless it is told otherwise."""

    def run(*words: str, runtime: str = "simulation", inside: bool = True) -> pytest.RunResult:
        asked = (*PLUGIN, "-p", "no:randomly", "--mqlab-runtime", runtime, *words)
        return pytester.runpytest_inprocess(*asked) if inside else pytester.runpytest_subprocess(*asked)

    return run


@pytest.fixture
def runs(pytester: pytest.Pytester) -> Callable[[], list[Path]]:
    """A function that returns the run folders of a session, the oldest first."""

    def begun(folder: Path) -> str:
        """Return when a run began; names of folders tell only the second."""
        with (folder / "history.jsonl").open() as history:
            return str(json.loads(history.readline())["started"])

    folder = pytester.path / ".mqlab/runs"
    return lambda: sorted((each for each in folder.iterdir() if not each.is_symlink()), key=begun)
