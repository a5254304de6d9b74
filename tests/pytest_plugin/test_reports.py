"""What a failing test says of its lab by itself, and what JUnit XML has of every test."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest

from lab import labs
from lab.history import LogLine
from lab.pytest_plugin import report_text
from tests.pytest_plugin.conftest import RERUNNING, SCENARIO, Session

Runs = Callable[[], list[Path]]
EXPECTING = """
import pytest

@pytest.mark.mqlab(scenario="expectations.yaml", topology="tokyo-singapore")
def test_orders(mqlab):
    audit = mqlab.connect("singapore", over="stomp", name="audit")
    audit.subscribe(queue="orders")
    mqlab.wait(lambda: mqlab.demand("tokyo", queue="orders"), within=60)
    {before}
    mqlab.connect("tokyo", over="stomp").publish("order 1", queue="orders")
    {after}
"""


def properties(path: Path) -> list[tuple[str, str]]:
    found = ElementTree.parse(path).iter("property")
    return [(each.attrib["name"], each.attrib["value"]) for each in found]


@pytest.fixture
def expecting(pytester: pytest.Pytester) -> Callable[[str, str], None]:
    """A function that makes a test which expects that an order is delivered."""

    def make(before: str, after: str) -> None:
        (pytester.path / "expectations.yaml").write_text(SCENARIO.replace("UP", "both-ends"))
        pytester.makepyfile(EXPECTING.format(before=before, after=after))

    return make


def test_a_test_that_expects_what_comes_true_passes(
    expecting: Callable[[str, str], None], session: Session, runs: Runs
) -> None:
    expecting("pass", "assert audit.receive(within=5).body == b'order 1'")
    session("--junit-xml=out.xml").assert_outcomes(passed=1)
    (folder,) = runs()
    found = properties(folder.parents[2] / "out.xml")
    assert found[:2] == [("mqlab-run-folder", str(folder)), ("mqlab-runtime", "simulation")]
    assert [value.partition(":")[0] for name, value in found if name == "mqlab-verdict"] == ["passed", "passed"]


def test_a_test_fails_by_its_verdict_alone(expecting: Callable[[str, str], None], session: Session, runs: Runs) -> None:
    expecting("mqlab.cut()", "pass")
    ended = session("--junit-xml=out.xml")
    ended.assert_outcomes(failed=1)
    (folder,) = runs()
    ended.stdout.fnmatch_lines(
        [
            "failed: delivered: {queue: orders, to: audit, promise: exactly-once, within: 5s}: *1 of 1 did not*cut*",
            "*- mqlab: lab *-",
            "failed: delivered: *",
            "passed: bridge: *",
            "the last events of the test:",
            "runtime: simulation",
            f"run folder: {folder}",
        ]
    )
    ended.stdout.no_fnmatch_line("*Traceback*")
    assert ("mqlab-verdict", "failed") in {
        (name, value[:6]) for name, value in properties(folder.parents[2] / "out.xml")
    }


def test_a_test_that_fails_by_itself_says_the_verdicts_as_of_then(
    expecting: Callable[[str, str], None], session: Session
) -> None:
    expecting("mqlab.cut()", "audit.receive(within=5)")
    ended = session()
    ended.assert_outcomes(failed=1)
    ended.stdout.fnmatch_lines(
        ["*LabTimeout: no message came within 5 s", "*- mqlab: lab *-", "failed: delivered: *did not reach*cut*"]
    )


def test_what_happened_in_the_test_is_told_and_nothing_of_the_one_before(
    pytester: pytest.Pytester, session: Session
) -> None:
    pytester.makepyfile(
        """
        def test_one(mqlab):
            mqlab.connect("tokyo", name="early").subscribe(topic="prices")

        def test_two(mqlab):
            mqlab.cut()
            mqlab.connect("tokyo", name="late").subscribe(topic="prices")
            assert mqlab.bridged("no-such")
        """
    )
    ended = session()
    ended.stdout.fnmatch_lines(
        [
            "the last events of the test:",
            "* cut link tokyo-singapore*",
            "* late * subscribed to *",
            "runtime: simulation",
        ]
    )
    ended.stdout.no_fnmatch_line("* early * subscribed to *")


def test_a_test_that_is_run_again_has_nothing_of_its_earlier_try(pytester: pytest.Pytester, session: Session) -> None:
    pytester.makeconftest(RERUNNING)
    pytester.makepyfile(
        """
        TRIES = []

        def test_again(mqlab):
            TRIES.append(1)
            if len(TRIES) == 1:
                mqlab.cut()
                mqlab.judge("tokyo-singapore")
            assert 0

        def test_after(mqlab): pass
        """
    )
    ended = session("--junit-xml=out.xml")
    ended.assert_outcomes(failed=1, passed=1)
    assert str(ended.stdout).count("- mqlab: lab ") == 1
    ended.stdout.no_fnmatch_line("unknown: *")
    ended.stdout.no_fnmatch_line("* cut link *")
    names = [name for name, _ in properties(pytester.path / "out.xml")]
    assert names == ["mqlab-run-folder", "mqlab-runtime"] * 2


def test_one_that_has_no_lab_when_it_is_run_again_tells_of_none(pytester: pytest.Pytester, session: Session) -> None:
    pytester.makeconftest(RERUNNING)
    pytester.makepyfile(
        """
        import pytest
        TRIES = []

        @pytest.fixture
        def once():
            TRIES.append(1)
            assert len(TRIES) == 1, "the second time"

        def test_again(once, mqlab):
            assert 0

        def test_after(mqlab): pass
        """
    )
    ended = session("--junit-xml=out.xml")
    ended.assert_outcomes(errors=1, passed=1)
    ended.stdout.fnmatch_lines(["*the second time*"])
    ended.stdout.no_fnmatch_line("*- mqlab: lab *")
    assert [name for name, _ in properties(pytester.path / "out.xml")] == ["mqlab-run-folder", "mqlab-runtime"]


@pytest.mark.parametrize("how", ["pytest.fail('so')", "raise KeyError('so')"])
def test_however_it_fails_it_says_them(
    pytester: pytest.Pytester, expecting: Callable[[str, str], None], session: Session, how: str
) -> None:
    expecting("mqlab.cut()", how)
    ended = session()
    ended.assert_outcomes(failed=1)
    ended.stdout.fnmatch_lines(["*so*", "*- mqlab: lab *-", "unknown: delivered: *"])


def test_a_skipped_one_is_not_judged(expecting: Callable[[str, str], None], session: Session) -> None:
    expecting("mqlab.cut()", "pytest.skip('not today')")
    session().assert_outcomes(skipped=1)


def test_what_hinders_judging_does_not_hide_why_a_test_failed(
    expecting: Callable[[str, str], None], session: Session
) -> None:
    expecting("pass", "(mqlab.folder / 'history.jsonl').write_text('gone'); assert 'this' == 'that'")
    session().stdout.fnmatch_lines(["*AssertionError: assert 'this' == 'that'*"])


def test_a_lab_made_for_a_test_is_judged_too(pytester: pytest.Pytester, session: Session) -> None:
    (pytester.path / "expectations.yaml").write_text(SCENARIO.replace("UP", "nowhere"))
    pytester.makepyfile(
        """
        def test_made(mqlab_make):
            lab = mqlab_make("tokyo-singapore")
            lab.expect("expectations.yaml")
        """
    )
    session().stdout.fnmatch_lines(["failed: bridge: *up: nowhere*: *up at both ends*"])


def test_expectations_on_counters_have_their_snapshots(pytester: pytest.Pytester, session: Session) -> None:
    expectation = "counters: {broker: tokyo, queue: orders, enqueued: 1, forwarded: 1}"
    text = SCENARIO.partition("  - bridge:")[0] + f"  - {expectation}\n"
    (pytester.path / "expectations.yaml").write_text(text)
    pytester.makepyfile(EXPECTING.format(before="pass", after="audit.receive(within=5)"))
    session().assert_outcomes(passed=1)
    (pytester.path / "expectations.yaml").write_text(text.replace("forwarded: 1", "forwarded: 2"))
    session().stdout.fnmatch_lines(["failed: counters: *forwarded 1*"])


def test_what_a_test_judges_is_in_its_report(pytester: pytest.Pytester, session: Session) -> None:
    pytester.makepyfile(
        """
        def test_one(mqlab):
            assert not mqlab.judge("tokyo-singapore").verdicts
        """
    )
    session().stdout.fnmatch_lines(["*- mqlab: lab *-", "unknown: delivered: {to: *tk, sg*"])


def test_labs_made_for_a_test_and_the_sessions_are_told_of_too(pytester: pytest.Pytester, session: Session) -> None:
    pytester.makepyfile(
        """
        def test_made(mqlab_make):
            mqlab_make("one-way"), mqlab_make("tokyo-singapore")
            assert 0

        def test_session(mqlab_lab):
            assert 0

        def test_none():
            assert 0
        """
    )
    ended = session()
    ended.assert_outcomes(failed=3)
    assert str(ended.stdout).count("- mqlab: lab ") == 3


NOISY = """
import pytest

def test_before(mqlab):
    mqlab.cut()

def test_noisy(mqlab):
    down = lambda: not mqlab.bridged("connector_tokyo_to_singapore")
    for _ in range({times}):
        mqlab.stop_connector("tokyo", "connector_tokyo_to_singapore")
        mqlab.wait(down, within=60)
        mqlab.start_connector("tokyo", "connector_tokyo_to_singapore")
        mqlab.wait(lambda: not down(), within=60)
    {fails}
"""


def test_known_lines_of_the_tests_time_are_shown_ten_at_most(pytester: pytest.Pytester, session: Session) -> None:
    pytester.makepyfile(NOISY.format(times=8, fails="assert 0"))
    ended = session()
    ended.assert_outcomes(passed=1, failed=1)
    text = str(ended.stdout)
    ended.stdout.fnmatch_lines(["known lines in the log of tokyo (the last 10 of *; all: --mqlab-logs):"])
    lines = text.partition("log of tokyo (")[2].partition("known lines in")[0].partition("runtime:")[0].splitlines()[1:]
    assert len(lines) == 10
    assert all(" bridge-started: " in line or " bridge-stopped: " in line for line in lines), lines
    assert "broker-started" not in text  # it started before the test


def test_all_lines_of_the_tests_time_are_in_a_file_on_request(
    pytester: pytest.Pytester, session: Session, runs: Runs
) -> None:
    pytester.makepyfile(NOISY.format(times=1, fails="assert 0"))
    ended = session("--mqlab-logs")
    (folder,) = runs()
    (path,) = (folder / "logs" / "tests").iterdir()
    ended.stdout.fnmatch_lines([f"run folder: {folder}", f"log lines of the test: {path}"])
    assert "test_noisy" in path.name
    assert path.stat().st_mode & 0o777 == 0o600
    lines = path.read_text().splitlines()
    assert any("tokyo INFO bridge-started | " in line for line in lines)
    assert not any("broker-started" in line for line in lines)


@pytest.mark.parametrize("wrong", ["mqlab.connect('tokio')", "mqlab.connect()", "no_such_name"])
def test_an_error_of_the_caller_has_its_words_first_and_no_log(
    pytester: pytest.Pytester, session: Session, wrong: str
) -> None:
    pytester.makepyfile(NOISY.format(times=1, fails=wrong))
    ended = session("--mqlab-logs")
    ended.assert_outcomes(passed=1, failed=1)
    ended.stdout.fnmatch_lines([f">       {wrong}*", "E  *"])
    for line in ("known lines in*", "log lines of*", "*def broker(self*", "*_login*"):
        ended.stdout.no_fnmatch_line(line)


def test_an_error_of_the_lab_is_shown_at_the_line_of_the_test(pytester: pytest.Pytester, session: Session) -> None:
    pytester.makepyfile("def test_one(mqlab):\n    mqlab.wait(lambda: False, within=1)")
    ended = session()
    ended.stdout.fnmatch_lines([">       mqlab.wait(lambda: False, within=1)", "E  *LabTimeout: not within 1 s*"])
    ended.stdout.no_fnmatch_line("*raise LabTimeout*")
    session("--full-trace").stdout.fnmatch_lines([">*raise LabTimeout*"])


def test_a_line_of_a_log_is_harmless_for_a_terminal(tmp_path: Path) -> None:
    with labs.up("tokyo-singapore", runtime="simulation", runs=tmp_path, environment={}) as lab:
        lab.history.record(
            LogLine(t=1.0, broker="tokyo", level="WARN", text=f"\x1b[31m\u202e{'x' * 300}", name="inactive")
        )
        lines = report_text.of_run(lab.folder, "simulation", (), report_text.Logs()).splitlines()
    (shown,) = [line for line in lines if "inactive" in line]
    assert shown == f"      1.000 inactive: ?[31m?{'x' * 194}…"
