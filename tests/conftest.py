"""Living labs for every test that carries the mark `docker`: each is opened once, by the one worker that needs it."""

from __future__ import annotations

import os
import signal
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from lab.activemq.releases import RELEASES
from lab.emulation.engine import engine as engines
from lab.emulation.images import images
from lab.errors import HostError
from lab.runtime.client import Endpoint
from tests import diagnosis
from tests.command import Commands
from tests.integration.labs import ARTICLE, TWO_SHORES, Engine, Standing, eventually, scenario_at, standing
from tests.promised import PROMISED, kept, lacking
from tests.report.browser import Browser, browser

# How long an example takes is the machine's affair.
settings.register_profile("mqlab", deadline=None)
settings.load_profile("mqlab")

_TOOLS = {"chromium", "far"}  # fixtures that need what docker/test-tools.sh installs

# Files whose tests share a lab or a site, and a name for it: one worker runs all tests of a name, and opens it once.
_TOGETHER = {
    "tests/docs/test_site.py": "site",
    "tests/integration/test_client_terms.py": "labs",
    "tests/integration/test_clients.py": "labs",
    "tests/integration/test_containers.py": "labs",
    "tests/integration/test_endpoints.py": "labs",
    "tests/integration/test_isolation.py": "labs",
    "tests/integration/test_link.py": "labs",
    "tests/integration/test_management.py": "labs",
    "tests/integration/test_policy.py": "labs",
    "tests/integration/test_power.py": "labs",
    "tests/integration/test_restarts.py": "labs",
    "tests/integration/test_configurations.py": "configurations",
    "tests/integration/test_standing_history.py": "standing history",
    "tests/integration/test_pairs.py": "pairs",
    "tests/integration/test_detached.py": "detached",
    "tests/integration/test_far_engine.py": "far engine",
    "tests/integration/test_timing.py": "timing",
}


def pytest_configure() -> None:
    """Hand SIGHUP down to the commands as a terminal does: under nohup they would ignore it, as they should there."""
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> object | None:
    """Group for `--dist loadgroup` by file: pytest-xdist 3.8 does not see its own groups under pytest 9.2."""
    if config.getvalue("dist") != "loadgroup":
        return None
    from xdist.scheduler import LoadScopeScheduling

    class ByLab(LoadScopeScheduling):
        """Tests that share a lab stay together, every other one goes to whoever is free."""

        def _split_scope(self, nodeid: str) -> str:
            return _TOGETHER.get(nodeid.partition("::")[0], nodeid)

    return ByLab(config, log)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what uses a browser or an sshd, and all but a sample of a test's cases, before pytest chooses by marks."""
    cases = defaultdict[tuple[Path, str, int], list[pytest.Item]](list)
    for item in items:
        if not _TOOLS.isdisjoint(getattr(item, "fixturenames", ())):
            item.add_marker("tools")
        if (sampled := item.get_closest_marker("sampled")) is not None:
            cases[item.path, getattr(item, "originalname", item.name), *sampled.args].append(item)
    for (*_, few), its in cases.items():
        chosen = {position * len(its) // few for position in range(few)}
        for number, item in enumerate(its):
            if number not in chosen:
                item.add_marker("release")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Put beside the failure of a test with Docker what one would look at next, could one look."""
    found: Any = yield
    if found.failed and item.get_closest_marker("docker") is not None:
        arguments = getattr(item, "funcargs", {}).values()
        found.sections.extend((f"Seen: {title}", text) for title, text in diagnosis.sections(arguments))
    return kept(found, promised=bool(os.environ.get(PROMISED)))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Iterator[None]:
    """Let no file be skipped as a whole where every test is promised."""
    return kept((yield), promised=bool(os.environ.get(PROMISED)))


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A real browser without a window, for the tests of a module."""
    with browser() as running:
        yield running


@pytest.fixture(scope="session")
def engine() -> Engine:
    """The Docker engine with the images of a lab; without one the test is skipped and says why."""
    try:
        client = engines.connect(os.environ)
    except HostError as error:
        lacking(str(error))
    _, plan = scenario_at(ARTICLE)
    versions = {RELEASES["5.19"], *(broker.activemq_version for broker in plan.brokers)}
    return Engine(
        client=client,
        images={
            version: images.ensure(client, version=version, archive=None, environment=os.environ, say=lambda note: None)
            for version in versions
        },
    )


@pytest.fixture(scope="session")
def article_lab(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standing]:
    """The lab of the article, for tests that only look at it or send messages."""
    with standing(ARTICLE, engine, tmp_path_factory.mktemp("article")) as lab:
        yield lab


@pytest.fixture(scope="session")
def shores_lab(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standing]:
    """A lab for tests that stop and cut things in it; each leaves it as it was found."""
    with standing(TWO_SHORES, engine, tmp_path_factory.mktemp("shores")) as lab:
        yield lab


@pytest.fixture
def endpoint(shores_lab: Standing, request: pytest.FixtureRequest) -> Callable[[str], Endpoint]:
    """Where a real broker, Dublin's, speaks a protocol; each call is a client of its own."""
    count = iter(range(1, 1000))

    def give(protocol: str) -> Endpoint:
        return shores_lab.endpoint("dublin", protocol, client_id=f"{request.node.name[:40]}-{next(count)}")

    return give


@pytest.fixture
def kill_broker(shores_lab: Standing) -> Iterator[Callable[[], None]]:
    """Kills the broker of `endpoint` at once; it is started again after the test."""
    yield lambda: shores_lab.broker("dublin").kill()
    shores_lab.start("dublin")
    assert eventually(shores_lab.bridged, 120)


@pytest.fixture
def mqlab(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Commands:
    """The command line, with runs and state in a folder of this test."""
    return Commands(folder=tmp_path_factory.mktemp("mqlab"))
