"""mqlab in pytest: options, fixtures, hooks. Every session loads it, so it loads nothing by itself."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from lab.pytest_plugin.session import (
    LABS,
    RUN_REPORT,
    RUNTIMES,
    is_for_want_of_an_engine,
    labs_of,
    or_skip,
    runtime_of,
    words_alone,
)
from lab.pytest_plugin.wanted import KEEP, NEVER, PROPERTIES, Wanted

if TYPE_CHECKING:
    from lab.living.lab import Live
    from lab.pytest_plugin.lab_of_test import LabOfTest
    from lab.pytest_plugin.session_labs import SessionLabs

_WITHIN_A_FILE = ("load", "loadscope", "worksteal")  # ways of xdist that may give one file's tests to two workers
_SCENARIOS = (".scenario.yaml", ".scenario.yml")
_LAB = pytest.StashKey["LabOfTest"]()  # of a test with the fixture `mqlab`
_MADE = pytest.StashKey["list[LabOfTest]"]()  # of a test with `mqlab_make`
_STAYING = pytest.StashKey["list[str]"]()  # runs of workers whose labs stay


class MakeLab(Protocol):
    """The fixture `mqlab_make`: opens a lab for one test alone, which is removed with it."""

    def __call__(
        self,
        topology: str | Path,
        *,
        runtime: str | None = None,
        set: Mapping[str, str] = {},
        seed: int | None = None,
        observe: Sequence[str] = (),
    ) -> LabOfTest:
        """Open the lab of a topology or a scenario, by path or by the name of a shipped one."""
        ...


class ServedApi(Protocol):
    """The fixture `mqlab_api`: a server of Amazon MQ's API in this process, and its account."""

    url: str
    port: int

    @property
    def access_key(self) -> str:
        """Return the id of the only access key that the server accepts."""

    @property
    def environment(self) -> Mapping[str, str]:
        """Return the variables by which clients of AWS reach the server."""

    @property
    def account(self) -> Any:
        """Return the account, to look into it."""

    def reset(self) -> None:
        """Make the account empty."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("mqlab", "labs of brokers (mqlab)")
    group.addoption(
        "--mqlab-runtime",
        choices=RUNTIMES,
        help="The runtime: emulation (containers) or simulation. Default: MQLAB_RUNTIME, or else emulation.",
    )
    group.addoption(
        "--mqlab-reuse", action="store_true", help="Leave the session's lab, and use it again in the next session."
    )
    group.addoption(
        "--mqlab-keep",
        choices=KEEP,
        default=NEVER,
        help="Which labs stay after the tests; failed: the first lab in which a test fails.",
    )
    group.addoption(
        "--mqlab-require-docker", action="store_true", help="Fail where a test would be skipped without Docker."
    )
    group.addoption(
        "--mqlab-logs", action="store_true", help="Write all log lines of a failing test to a file in its run folder."
    )
    parser.addini(
        "mqlab_topology",
        "The topology or scenario of the session's lab, a path or the name of a shipped one.",
        default="tokyo-singapore",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Declare the mark, and refuse options that contradict each other."""
    config.addinivalue_line(
        "markers",
        "mqlab(scenario=None, topology=None, runtime=None, observe=()): the lab of the fixture mqlab; a scenario's"
        " expectations are those of the test, and brokers record the messages of destinations to observe",
    )
    if config.getoption("mqlab_reuse"):
        if runtime_of(config) == "simulation":
            raise pytest.UsageError(
                "--mqlab-reuse: a simulated lab ends with its process; use --mqlab-runtime emulation"
            )
        if config.getoption("mqlab_keep") != NEVER:
            raise pytest.UsageError("--mqlab-reuse and --mqlab-keep exclude each other: a reused lab stays anyway")
        if not hasattr(config, "cache"):
            raise pytest.UsageError("--mqlab-reuse needs pytest's cache, which -p no:cacheprovider turns off")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect a scenario's file."""
    if not file_path.name.endswith(_SCENARIOS):
        return None
    from lab.pytest_plugin.scenario_file import ScenarioFile

    return ScenarioFile.from_parent(parent, path=file_path)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> object | None:
    """Keep a scenario's tests on one worker with `--dist loadgroup`, whether or not xdist sees their group.

    With `--mqlab-reuse` all tests of a file are kept on one worker, since each worker opens a lab.
    """
    reuse = config.getoption("mqlab_reuse")
    if reuse and config.getvalue("dist") in _WITHIN_A_FILE:
        from xdist.scheduler import LoadFileScheduling

        whole_files: object = LoadFileScheduling(config, log)
        return whole_files
    if config.getvalue("dist") != "loadgroup":
        return None
    from xdist.scheduler import LoadGroupScheduling

    class ByScenario(LoadGroupScheduling):  # type: ignore[misc]
        """A scenario's file is a group; so is each other file without groups, if its lab is reused."""

        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.partition("::")[0]
            group = str(super()._split_scope(nodeid))
            return file if file.endswith(_SCENARIOS) or (reuse and group == nodeid) else group

    return ByScenario(config, log)


@pytest.fixture(scope="session")
def _mqlab_labs(pytestconfig: pytest.Config) -> Iterator[SessionLabs]:
    labs = labs_of(pytestconfig)
    try:
        yield labs
    finally:
        try:
            labs.close()
        finally:
            pytestconfig.stash.setdefault(_STAYING, []).extend(labs.staying)


@pytest.fixture(scope="session")
def mqlab_lab(_mqlab_labs: SessionLabs, pytestconfig: pytest.Config) -> Live:
    """The session's lab, one in each worker, as earlier tests have left it."""
    with words_alone(), or_skip(pytestconfig):
        lab = _mqlab_labs.usual.ready()
    _mqlab_labs.usual.touched = True
    return lab


@pytest.fixture
def mqlab(request: pytest.FixtureRequest, _mqlab_labs: SessionLabs) -> Iterator[LabOfTest]:
    """The session's lab for one test: as it was declared, without messages, with a history of its own."""
    item = request.node
    with ExitStack() as stack:
        with words_alone(), or_skip(item.config):
            wanted, scenario = _wanted(item)
            lab = item.stash[_LAB] = stack.enter_context(_mqlab_labs.of(wanted).test(item.nodeid))
            if scenario is not None:
                lab.expect(scenario)
        yield lab


@pytest.fixture(scope="session")
def _mqlab_api_of_session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedApi]:
    with words_alone():
        from lab.base import extras

        served_here = extras.hook("api_of_tests")(tmp_path_factory.mktemp("mqlab-api") / "account")
    with served_here as api:
        yield api


@pytest.fixture
def mqlab_api(_mqlab_api_of_session: ServedApi) -> ServedApi:
    """The session's server of Amazon MQ's API, with an empty account; it has records alone, and no broker."""
    _mqlab_api_of_session.reset()
    return _mqlab_api_of_session


@pytest.fixture
def mqlab_make(request: pytest.FixtureRequest, _mqlab_labs: SessionLabs) -> Iterator[MakeLab]:
    """A function that opens labs for this test alone, which are removed after it."""
    item = request.node
    made = item.stash[_MADE] = []
    with ExitStack() as stack:

        def make(
            topology: str | Path,
            *,
            runtime: str | None = None,
            set: Mapping[str, str] = {},
            seed: int | None = None,
            observe: Sequence[str] = (),
        ) -> LabOfTest:
            wanted = Wanted(
                scenario=_beside(item, topology, f'mqlab_make("{topology}")'),
                runtime=runtime or runtime_of(item.config),
                set=tuple(set.items()),
                seed=seed,
                observe=_texts(observe),
            )
            with or_skip(item.config):
                lab = stack.enter_context(_mqlab_labs.made(wanted, item.nodeid))
            made.append(lab)
            return lab

        yield make


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Renew the session's lab for a test that has it as it is, if another one has spoilt it."""
    _forget_earlier_try(item)
    labs = item.config.stash.get(LABS, None)
    if labs is not None and "mqlab_lab" in getattr(item, "fixturenames", ()):
        if labs.usual.spoilt:
            with words_alone(), or_skip(item.config):
                labs.usual.ready()
        labs.usual.touched = True


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Judge a test's expectations at its end, even if it has failed, and let it fail if one did not pass."""
    try:
        result = yield
    except (pytest.skip.Exception, KeyboardInterrupt):
        raise
    except BaseException:
        for lab in _own(item):
            _judge_failed(lab)
        raise
    if not_held := [each for lab in _own(item) for each in lab.judge_expected()]:
        from lab.pytest_plugin import report_text

        pytest.fail("\n".join(map(report_text.verdict, not_held)), pytrace=False)
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add the known facts about a test's labs to its report and to JUnit XML."""
    labs = _labs_in(item)
    if labs and (call.when == "call" or (call.when == "setup" and call.excinfo is not None)):
        from lab.pytest_plugin import report_text

        for lab, verdicts in labs:
            item.user_properties += report_text.properties(lab.folder, lab.runtime, verdicts)
    _hide_lab(item, call)
    report = yield
    if call.excinfo is not None and is_for_want_of_an_engine(call.excinfo.value):
        path, line, _ = item.reportinfo()  # where the test is, and not what skips it
        report.longrepr = str(path), (line or 0) + 1, str(call.excinfo.value)
    if report.failed and call.when == "call" and (told := item.stash.get(RUN_REPORT, "")):
        report.sections.append(("mqlab", told))
    if report.failed and labs:
        from lab.pytest_plugin import report_text

        error = None if call.excinfo is None else call.excinfo.value
        logs = report_text.Logs.of(error, item.nodeid, all_lines=item.config.getoption("mqlab_logs"))
        for lab, verdicts in labs:
            told = report_text.of_lab(lab, verdicts, logs)
            report.sections.append((f"mqlab: lab {lab.run}", told))
            item.config.stash[LABS].failed(lab.run, lab.runtime)
    return report


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Note which labs a worker has left."""
    staying = getattr(node, "workeroutput", {}).get("mqlab-staying", [])
    node.config.stash.setdefault(_STAYING, []).extend(staying)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Send to the controller the labs that a worker has left."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["mqlab-staying"] = session.config.stash.get(_STAYING, [])


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """List the labs that stay, and the command that ends each."""
    for run in config.stash.get(_STAYING, []):
        terminalreporter.write_line(f"lab {run} stays. See it: mqlab status {run}   End it: mqlab down {run}")


def _hide_lab(item: pytest.Item, call: pytest.CallInfo[None]) -> None:
    """Leave mqlab's code out of the traceback of an error that mqlab explains, except with --full-trace."""
    if call.excinfo is None or item.config.getoption("fulltrace"):
        return
    error = call.excinfo.value
    lines = [*_lines(error.__traceback__)]
    modules = [str(line.tb_frame.f_globals.get("__name__", "")) for line in lines]
    silence = modules[-1:] == ["lab.living.conversation"] and type(error) is AssertionError
    if not (silence or _is_of_lab(type(error).__module__)):
        return
    kept: TracebackType | None = None
    for line, module in zip(reversed(lines), reversed(modules), strict=True):
        if not _is_of_lab(module):
            kept = TracebackType(kept, line.tb_frame, line.tb_lasti, line.tb_lineno)
    if kept is not None:
        call.excinfo = pytest.ExceptionInfo.from_exc_info((type(error), error, kept))


def _lines(trace: TracebackType | None) -> Iterator[TracebackType]:
    while trace is not None:
        yield trace
        trace = trace.tb_next


def _is_of_lab(module: str) -> bool:
    return module.partition(".")[0] == "lab"


def _wanted(item: pytest.Item) -> tuple[Wanted, str | None]:
    """Return the lab that a test's mark asks for, and the scenario whose expectations are the test's."""
    usual = labs_of(item.config).settings.usual
    asked: dict[str, Any] = {}
    for mark in reversed(list(item.iter_markers("mqlab"))):  # the closest one last
        if mark.args or (stray := set(mark.kwargs) - {"scenario", "topology", "runtime", "observe"}):
            what = ", ".join(map(str, mark.args or sorted(stray)))
            takes = "scenario=, topology=, runtime=, observe="
            from lab.base.suggestions import guess

            near = "" if mark.args else guess(what, takes.split(", "))
            raise pytest.UsageError(f"{item.nodeid}: the mark mqlab takes {takes}, not {what}\n{near}".rstrip())
        asked |= mark.kwargs
    runtime = str(asked.get("runtime") or usual.runtime)
    scenario, own = (
        None if asked.get(name) is None else _beside(item, asked[name], f'the mark mqlab({name}="{asked[name]}")')
        for name in ("scenario", "topology")
    )
    topology = own or scenario
    observed = _texts(asked.get("observe") or ())
    return Wanted(scenario=topology or usual.scenario, runtime=runtime, observe=observed), scenario


def _texts(given: str | Sequence[str]) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given)


def _beside(item: pytest.Item, named: str | Path, place: str) -> str:
    """Return the path of a file beside the test's own, if there is one, or else the given name.

    Raise InputError, which begins with `place`, for the name of a YAML file that is neither there nor in this folder.
    """
    from lab.base.text_files import file_near, is_file, why_not_a_file

    path = item.path.parent / named
    if path.is_file() or path.suffix not in (".yaml", ".yml") or is_file(Path(named)):
        return str(path) if path.is_file() else str(named)
    from lab.errors import InputError

    near = file_near(path)
    right = (
        f"did you mean {os.path.relpath(near, item.path.parent)}?"
        if near
        else "name a file; paths count from the test's folder"
    )
    raise InputError.of(f"{place}: {named} {why_not_a_file(path)} in {item.path.parent}", right)


def _forget_earlier_try(item: pytest.Item) -> None:
    """Forget the labs and verdicts of a test's earlier try, as plugins run one again that has failed."""
    keys: tuple[pytest.StashKey[Any], ...] = (_LAB, _MADE, RUN_REPORT)
    for key in keys:
        if key in item.stash:
            del item.stash[key]
    item.user_properties[:] = [each for each in item.user_properties if each[0] not in PROPERTIES]


def _own(item: pytest.Item) -> list[LabOfTest]:
    """Return the labs of `mqlab` and `mqlab_make` that a test has."""
    lab = item.stash.get(_LAB, None)
    return [*([] if lab is None else [lab]), *item.stash.get(_MADE, [])]


def _judge_failed(lab: LabOfTest) -> None:
    """Judge the expectations of a test that has failed; an error in it does not hide the failure."""
    from lab.errors import LabError

    with suppress(LabError, OSError):
        lab.judge_expected(patient=False)


def _labs_in(item: pytest.Item) -> list[tuple[Live, tuple[Any, ...]]]:
    """Return the labs that a test has now, with the verdicts that were given in it."""
    found: list[tuple[Live, tuple[Any, ...]]] = [(lab, lab.verdicts) for lab in _own(item)]
    if not found and (session := getattr(item, "funcargs", {}).get("mqlab_lab")) is not None:
        found.append((session, ()))
    return found
