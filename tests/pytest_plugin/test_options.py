"""Options, what a session loads, and what it leaves when it is interrupted."""

from __future__ import annotations

import signal
import socketserver
import subprocess
import sys
import tempfile
import threading
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.errors import HostError
from lab.pytest_plugin.session import words_alone
from lab.runtime.clock import RealClock
from tests.answering import Answering
from tests.docs.pages import ROOT
from tests.pytest_plugin.conftest import PLUGIN, SCENARIO, Session

ONE = "def test_one(mqlab): pass"
ONE_FILE = "test_without_an_engine_tests_are_skipped_with_a_reason_in_one_line.py"
NOWHERE = "unix:///nowhere/docker.sock"


@pytest.fixture
def no_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", NOWHERE)


class _SaysOnce(Answering):
    """An engine that says its version to whoever asks first, and has gone then."""

    def do_GET(self) -> None:
        Path(str(self.server.server_address)).unlink()
        super().do_GET()


@pytest.fixture
def short_lived(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The socket of an engine that answers once."""
    with (
        tempfile.TemporaryDirectory() as short,  # a socket's path is
        socketserver.UnixStreamServer(f"{short}/engine", _SaysOnce) as serving,
    ):
        monkeypatch.setenv("DOCKER_HOST", f"unix://{short}/engine")
        threading.Thread(target=serving.handle_request, daemon=True).start()
        yield Path(f"{short}/engine")


@pytest.mark.usefixtures("no_engine")
def test_without_an_engine_tests_are_skipped_with_a_reason_in_one_line(
    pytester: pytest.Pytester, session: Session
) -> None:
    pytester.makepyfile(
        ONE, test_two="def test_two(mqlab_lab): pass\ndef test_three(mqlab_make): mqlab_make('one-way')"
    )
    (pytester.path / "orders.scenario.yaml").write_text(SCENARIO.replace("UP", "both-ends"))
    ended = session("-rs", runtime="emulation")
    ended.assert_outcomes(skipped=5)
    reasons = [line for line in ended.outlines if line.startswith("SKIPPED")]
    assert reasons and all(f"no Docker engine answers at {NOWHERE}" in line for line in reasons)
    places = {line.split()[2] for line in reasons}  # of the tests and the expectations, not of what skips them
    assert places == {
        f"{ONE_FILE}:1:",
        "test_two.py:1:",
        "test_two.py:2:",
        "orders.scenario.yaml:8:",
        "orders.scenario.yaml:9:",
    }


def test_an_engine_that_answered_once_and_is_lost_is_no_reason_to_skip(
    pytester: pytest.Pytester, session: Session, short_lived: Path
) -> None:
    pytester.makepyfile(
        ONE, test_two="def test_two(mqlab_lab): pass\ndef test_three(mqlab_make): mqlab_make('one-way')"
    )
    (pytester.path / "orders.scenario.yaml").write_text(SCENARIO.replace("UP", "both-ends"))
    ended = session("-rs", runtime="emulation")
    ended.assert_outcomes(errors=2, failed=3)
    assert not short_lived.exists(), "it has answered once"
    gone = [line for line in ended.outlines if "the Docker engine does not answer any more" in line]
    assert any(f"no Docker engine answers at unix://{short_lived}" in line for line in gone)
    assert len(gone) > 1 and any("mqlab sweep" in line for line in ended.outlines)


def test_what_a_lab_has_left_is_told_with_why_it_could_not_be_opened() -> None:
    error = HostError("the router has ended")
    error.add_note("and the lab could not be closed: mqlab sweep 20260101-101010-aaaaaa")
    with pytest.raises(pytest.fail.Exception, match=r"the router has ended\nand .*: mqlab sweep 2026"), words_alone():
        raise error


def test_an_engine_that_cannot_be_used_is_an_error(
    pytester: pytest.Pytester, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", "banana")
    pytester.makepyfile("def test_one(mqlab): pass")
    ended = session(runtime="emulation")
    ended.assert_outcomes(errors=1)
    ended.stdout.fnmatch_lines(["*the Docker engine at banana cannot be used*"])


def test_what_a_machine_lacks_is_told_in_words_alone(
    pytester: pytest.Pytester, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the code that found it, whose arguments have the process's environment."""
    monkeypatch.setenv("MQLAB_HOME", "/proc/nowhere")
    pytester.makepyfile("def test_one(mqlab): pass", test_two="def test_two(mqlab_lab): pass")
    ended = session()
    ended.assert_outcomes(errors=2)
    ended.stdout.fnmatch_lines(
        ["the run folder /proc/nowhere/runs/* cannot be made: *", "  set MQLAB_HOME to a folder*"]
    )
    assert not [line for line in ended.outlines if "environ" in line or (".py:" in line and "lab/" in line)]


@pytest.mark.usefixtures("no_engine")
def test_a_skip_becomes_a_failure_where_docker_is_required(pytester: pytest.Pytester, session: Session) -> None:
    pytester.makepyfile(ONE)
    (pytester.path / "orders.scenario.yaml").write_text(SCENARIO.replace("UP", "both-ends"))
    ended = session("--mqlab-require-docker", runtime="emulation")
    ended.assert_outcomes(errors=1, failed=2)
    ended.stdout.fnmatch_lines([f"*--mqlab-require-docker: no Docker engine answers at {NOWHERE}*"])


@pytest.mark.usefixtures("no_engine")
def test_collecting_needs_no_engine(pytester: pytest.Pytester, session: Session) -> None:
    pytester.makepyfile(ONE)
    (pytester.path / "orders.scenario.yaml").write_text(SCENARIO.replace("UP", "both-ends"))
    ended = session("--collect-only", "-q", "--mqlab-require-docker", runtime="emulation")
    assert ended.ret == 0
    ended.stdout.fnmatch_lines_random(
        ["*::test_one", "orders.scenario.yaml::1-delivered", "orders.scenario.yaml::2-bridge"]
    )


def test_a_mistake_is_no_reason_to_skip(pytester: pytest.Pytester, session: Session) -> None:
    pytester.makeini("[pytest]\nmqlab_topology = no-such")
    pytester.makepyfile(ONE)
    ended = session(runtime="emulation")
    ended.assert_outcomes(errors=1)
    ended.stdout.fnmatch_lines(['*no scenario named "no-such" ships with mqlab*'])


def test_the_sessions_topology_is_a_file_beside_the_settings(pytester: pytest.Pytester, session: Session) -> None:
    (pytester.path / "ours.yaml").write_text(SCENARIO.replace("UP", "both-ends").replace("orders", "ours", 1))
    pytester.makeini("[pytest]\nmqlab_topology = ours.yaml")
    pytester.makepyfile("def test_one(mqlab): assert mqlab.lab.note.scenario == 'ours'")
    session().assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("words", "runtime", "says"),
    [
        (("--mqlab-reuse",), "simulation", "*--mqlab-reuse: a simulated lab ends with its process*"),
        (("--mqlab-reuse", "--mqlab-keep", "failed"), "emulation", "*-keep exclude each other*"),
        (("--mqlab-reuse", "-p", "no:cacheprovider"), "emulation", "*--mqlab-reuse needs pytest's cache*"),
        (("--mqlab-keep", "sometimes"), "emulation", "*--mqlab-keep: invalid choice: 'sometimes'*"),
        ((), "reality", "*--mqlab-runtime: invalid choice: 'reality'*"),
    ],
)
def test_options_that_make_no_sense_are_refused(
    session: Session, words: tuple[str, ...], runtime: str, says: str
) -> None:
    ended = session(*words, runtime=runtime)
    assert ended.ret == pytest.ExitCode.USAGE_ERROR
    ended.stderr.fnmatch_lines([says])


@pytest.mark.release
def test_workers_that_reuse_labs_have_whole_files(pytester: pytest.Pytester, session: Session) -> None:
    for name in ("one", "two"):
        tests = f"@pytest.mark.parametrize('n', range(4))\ndef test_it(worker_id, n): Path('{name}', worker_id).touch()"
        pytester.makepyfile(**{f"test_{name}": f"import pytest\nfrom pathlib import Path\n{tests}"})
        (pytester.path / name).mkdir()
    for way in ("load", "loadgroup"):
        ended = session("-n", "2", "--dist", way, "--mqlab-reuse", runtime="emulation", inside=False)
        ended.assert_outcomes(passed=8)
        assert [len([*(pytester.path / name).iterdir()]) for name in ("one", "two")] == [1, 1]
        for name in ("one", "two"):
            next((pytester.path / name).iterdir()).unlink()


def test_pytest_finds_the_plugin_by_its_entry_point() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["entry-points"]["pytest11"] == {"mqlab": "lab.pytest_plugin.plugin"}
    assert not [each for each in project["dependencies"] if "pytest" in each]


def test_who_asks_for_no_lab_loads_nothing() -> None:
    code = (
        "import sys, pytest; before = set(sys.modules); import lab.pytest_plugin.plugin;"
        "print(*sorted(set(sys.modules) - before))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = {each for each in done.stdout.split() if each.partition(".")[0] not in sys.stdlib_module_names}
    assert loaded == {
        "lab", "lab.base", "lab.base.dataclass", "lab.base.version", "lab.pytest_plugin", "lab.pytest_plugin.plugin",
        "lab.pytest_plugin.session", "lab.pytest_plugin.wanted",
    }  # fmt: skip


def test_a_lab_that_cannot_stay_is_not_the_one_that_is_kept(pytester: pytest.Pytester, session: Session) -> None:
    pytester.makepyfile(
        """
        RUNS = []

        def test_fails(mqlab):
            RUNS.append(mqlab.run)
            assert False

        def test_next(mqlab):
            assert mqlab.run == RUNS[0], "it was renewed for nothing"
        """
    )
    session("--mqlab-keep", "failed").assert_outcomes(passed=1, failed=1)


@pytest.mark.release
def test_an_interrupted_session_ends_its_lab(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import threading
        from pathlib import Path

        def test_one(mqlab, mqlab_make):
            mqlab_make("one-way")
            Path("ready").touch()
            threading.Event().wait()
        """
    )
    # A job in a shell's background begins with SIGINT ignored, and so do its children: here it is not.
    begin = (
        "import signal, sys, pytest; signal.signal(signal.SIGINT, signal.default_int_handler); sys.exit(pytest.main())"
    )
    words = [sys.executable, "-c", begin, *PLUGIN, "--mqlab-runtime", "simulation", "-p", "no:cacheprovider"]
    process = pytester.popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert RealClock().wait(lambda: Path("ready").exists() or process.poll() is not None, 120)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=120)
    assert process.returncode == pytest.ExitCode.INTERRUPTED, out.decode()
    histories = list(pytester.path.glob(".mqlab/runs/2*/history.jsonl"))
    assert len(histories) == 2
    for history in histories:
        assert '"kind":"ended"' in history.read_text().splitlines()[-1]
        assert not history.with_suffix(".lock").exists()
