"""Several scenarios by one `mqlab run`: their files, the order, the exit code, and what interruptions leave."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from xml.etree.ElementTree import parse

import pytest

from lab.base.interrupts import Terminated
from lab.cli.run_many import ITSELF, run_all, unique_names
from lab.report.summary import RunOf
from lab.runtime.clock import RealClock
from tests.command import Commands
from tests.docs.pages import ROOT

PROGRAM = """
import json, os, pathlib, signal, sys
name, junit = sys.argv[-1], pathlib.Path(sys.argv[sys.argv.index('--junit') + 1])

def ends_well(*caught):
    if caught:
        os.kill(os.getppid(), 2)  # Ctrl-C again, while it closes
    junit.write_text('<testsuites><testsuite/></testsuites>')
    print(json.dumps({'outcome': 'passed', 'run': 'r', 'verdicts': []}))
    sys.exit(0)

if name == 'closing':
    signal.signal(signal.SIGTERM, ends_well)
(junit.parent / f'{name}.begun').touch()
if name == 'killed':
    os.kill(os.getpid(), signal.SIGKILL)
if name == 'ctrl-c':
    os.kill(os.getppid(), signal.SIGINT)
if name == 'warned':
    print('warning: a port', file=sys.stderr)
if name == 'full':
    print(json.dumps({'outcome': 'passed', 'run': 'r', 'verdicts': []}))
    print('mqlab: a page cannot be written', file=sys.stderr)
    sys.exit(3)
if name in ('quick', 'warned'):
    ends_well()
while True:
    signal.pause()
"""
COMMAND = (sys.executable, "-c", PROGRAM)


@pytest.fixture(autouse=True)
def interruptible() -> Iterator[None]:
    """Let SIGINT interrupt, which is ignored where the tests are a job in a shell's background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def commands(tmp_path: Path) -> Commands:
    return Commands(folder=tmp_path / "here")


def test_several_scenarios_are_run_and_told(commands: Commands, tmp_path: Path) -> None:
    reports, junit = tmp_path / "out" / "reports", tmp_path / "out" / "all.xml"
    words = ["tokyo-singapore", "one-way", "no-such-scenario", "--runtime", "simulation", "--jobs", "2"]
    done = commands("run", *words, "--reports", str(reports), "--junit", str(junit), "--json")
    assert [(each["scenario"], each["outcome"], each["exit_code"]) for each in done.json] == [
        ("tokyo-singapore", "passed", 0),
        ("one-way", "passed", 0),
        ("no-such-scenario", "error", 2),
    ]
    assert done.code == 2
    assert {path.name for path in reports.iterdir()} == {
        *(f"{name}.{kind}" for name in ("tokyo-singapore", "one-way") for kind in ("html", "junit.xml")),
        *("summary.md", "annotations.txt", "code-quality.json"),
    }
    assert "2 passed, 1 error" in (reports / "summary.md").read_text("utf-8")
    assert len(parse(junit).getroot()) == 3
    assert "no scenario named" in done.json[2]["error"]
    (line,) = (reports / "annotations.txt").read_text("utf-8").splitlines()
    assert line.startswith("::error title=no-such-scenario%3A error::no scenario named")


@pytest.mark.release
@pytest.mark.parametrize("kept", [True, False])
def test_of_a_run_that_did_not_pass_the_page_is_named(commands: Commands, tmp_path: Path, kept: bool) -> None:
    text = (ROOT / "scenarios" / "one-way.yaml").read_text("utf-8") + "  - latency: {to: [sg], at-least: 1m}\n"
    (tmp_path / "slow.yaml").write_text(text.replace("topologies/", f"{ROOT}/scenarios/topologies/"), "utf-8")
    more = ("--reports", tmp_path / "reports") if kept else ()
    done = commands("run", "one-way", tmp_path / "slow.yaml", "--runtime", "simulation", "--quiet", *more)
    (page,) = (line.removeprefix("  page: ") for line in done.out.splitlines() if "page: " in line)
    assert Path(page).is_file()
    assert page == str(
        tmp_path / "reports" / "slow.html" if kept else commands.latest.parent / Path(page).parent.name / "report.html"
    )


def test_names_of_files_are_told_apart() -> None:
    assert list(unique_names(["a/x.yaml", "b/x.yaml", "x", "x-2"])) == ["x", "x-2", "x-3", "x-2-2"]


@pytest.mark.parametrize("error", [KeyboardInterrupt(), Terminated(15), OSError("no more room")], ids=repr)
def test_what_ended_before_an_interruption_or_an_error_is_kept(tmp_path: Path, error: BaseException) -> None:
    """A run that lasts is interrupted as its lab would be, and is not among them."""
    ended: list[str] = []

    def interrupt(one: RunOf) -> None:
        ended.append(one.scenario)
        raise error

    found, why = run_all(["quick", "long", "another"], [], jobs=2, folder=tmp_path, ended=interrupt, command=COMMAND)
    assert (ended, [one.scenario for one in found], why) == (["quick"], ["quick"], error)


def test_a_second_interruption_loses_nothing_and_what_ends_meanwhile_is_kept(tmp_path: Path) -> None:
    def interrupt(one: RunOf) -> None:
        assert RealClock().wait((tmp_path / "closing.begun").exists, 60)
        raise KeyboardInterrupt

    found, why = run_all(["quick", "closing"], [], jobs=2, folder=tmp_path, ended=interrupt, command=COMMAND)
    assert ([one.scenario for one in found], type(why)) == (["quick", "closing"], KeyboardInterrupt)


def test_what_waits_for_its_turn_is_not_begun_after_an_interruption(tmp_path: Path) -> None:
    """The first one is the only one that runs when Ctrl-C comes, and has its turn until it is told to end."""
    found, why = run_all(["ctrl-c", "never"], [], jobs=1, folder=tmp_path, ended=lambda one: None, command=COMMAND)
    assert (found, type(why)) == ([], KeyboardInterrupt)
    assert [path.name for path in tmp_path.glob("*.begun")] == ["ctrl-c.begun"]


def test_a_run_that_a_signal_ended_has_failed_with_a_shells_code(tmp_path: Path) -> None:
    found, why = run_all(["quick", "killed"], [], jobs=2, folder=tmp_path, ended=lambda one: None, command=COMMAND)
    assert [(one.outcome, one.code, one.why) for one in found] == [
        ("passed", 0, ()),
        ("error", 137, ("its process was killed by SIGKILL",)),
    ]
    assert why is None


def test_what_a_run_that_did_not_fail_said_is_kept(tmp_path: Path) -> None:
    ended: list[RunOf] = []
    run_all(["warned"], [], jobs=1, folder=tmp_path, ended=ended.append, command=COMMAND)
    assert [(one.outcome, one.warnings) for one in ended] == [("passed", "warning: a port")]


@pytest.mark.release
def test_warnings_of_each_are_printed_also_without_progress(commands: Commands) -> None:
    done = commands("run", "one-way", "tokyo-singapore", "--runtime", "simulation", "--port-base", "20000", "--quiet")
    assert done.code == 0
    for name in ("one-way", "tokyo-singapore"):
        assert f"{name}: warning: a simulated broker has no ports" in done.err


def replaying(runs: Path) -> list[Path]:
    """Return the histories of runs that have come to their steps."""
    found = (each / "history.jsonl" for each in runs.iterdir() if not each.is_symlink())
    return [each for each in found if each.exists() and '"kind":"step"' in each.read_text("utf-8")]


@pytest.mark.release
def test_sigterm_ends_with_its_code_and_the_results_of_what_had_ended(commands: Commands, tmp_path: Path) -> None:
    endless, reports = tmp_path / "endless.yaml", tmp_path / "reports"
    text = (ROOT / "scenarios" / "one-way.yaml").read_text("utf-8").replace("expect:", "  - wait: 9000h\nexpect:")
    endless.write_text(text.replace("topologies/", f"{ROOT}/scenarios/topologies/"), "utf-8")
    words: list[str | Path] = [
        "run",
        "one-way",
        endless,
        "--runtime",
        "simulation",
        "--jobs",
        "2",
        "--reports",
        reports,
        "--junit",
        reports / "junit.xml",
    ]
    process = commands.start(*words)
    commands.wait_said(process, "passed")
    assert RealClock().wait(lambda: len(replaying(commands.home / "runs")) == 2, 180)  # both have loaded by then
    process.terminate()
    done = commands.end_of(process)
    assert (done.code, "1 of 2 runs had ended" in done.err) == (143, True)
    assert done.out.startswith("one-way: passed")
    assert (reports / "summary.md").read_text("utf-8").startswith("### mqlab: 1 passed, 1 not ended\n")
    suites = parse(reports / "junit.xml").getroot()
    assert [(suite.get("name"), suite.get("errors")) for suite in suites] == [
        ("one way only (simulated)", "0"),
        (str(endless), "1"),
    ]


@pytest.mark.release
def test_verdicts_are_told_also_where_a_report_cannot_be_written(commands: Commands, tmp_path: Path) -> None:
    (tmp_path / "summary.md").mkdir()
    junit = tmp_path / "junit.xml"
    done = commands("run", "one-way", "--runtime", "simulation", "--reports", tmp_path, "--junit", junit)
    assert (done.code, done.out.startswith("one-way: passed")) == (3, True)
    assert f"{tmp_path / 'summary.md'} cannot be written" in done.err
    assert len(parse(junit).getroot()) == 1


def test_no_report_of_an_earlier_run_stays_where_this_one_fails(tmp_path: Path) -> None:
    for name in ("quick.html", "killed.html"):
        (tmp_path / name).write_text("<!DOCTYPE html> an earlier one")
    for name in ("killed.junit.xml", "other.junit.xml"):
        (tmp_path / name).write_text("<testsuites/>")
    (tmp_path / "quick.junit.xml").write_text("no report of mqlab's")
    found, _ = run_all(["quick", "killed"], (), jobs=1, folder=tmp_path, ended=lambda one: None, command=COMMAND)
    assert [one.code for one in found] == [0, 137]
    left = {each.name for each in tmp_path.iterdir()}
    assert left == {"quick.junit.xml", "quick.begun", "killed.begun", "other.junit.xml"}


def test_verdicts_of_a_run_whose_report_found_no_room_are_told(tmp_path: Path) -> None:
    (one,), _ = run_all(["full"], (), jobs=1, folder=tmp_path, ended=lambda one: None, command=COMMAND)
    assert one.error.splitlines() == ["mqlab: a page cannot be written", "its verdicts are known: passed, run r"]


def test_reports_that_are_no_folder_are_bad_input(commands: Commands, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = commands("run", "one-way", "--runtime", "simulation", "--reports", tmp_path / "file")
    assert (done.code, f"--reports: {tmp_path / 'file'} is a file" in done.err) == (2, True), done


def test_itself_is_this_command() -> None:
    told = subprocess.run([*ITSELF, "--version"], capture_output=True, text=True, check=True)
    assert told.stdout.strip()


@pytest.mark.parametrize(
    ("words", "what"),
    [(["--html", "x.html"], "--reports DIR"), (["--jobs", "2", "--port-base", "20000"], "--port-base")],
)
def test_what_is_for_one_scenario_is_refused(commands: Commands, words: list[str], what: str) -> None:
    done = commands("run", "one-way", "tokyo-singapore", *words)
    assert done.code == 2
    assert what in done.err
