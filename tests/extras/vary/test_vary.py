"""`mqlab vary` as a person uses it: a table, files, what it refuses, and an interruption that keeps what is done."""

from __future__ import annotations

import csv
import json
import os
import pty
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from lab import vary
from lab.errors import InputError
from tests.command import MQLAB, Commands
from tests.docs.pages import blocks

DELAY = "links.tokyo-singapore.delay"
PREFETCH = "connectors.connector_tokyo_to_singapore.prefetchSize"


@pytest.fixture
def mqlab(tmp_path: Path) -> Commands:
    return Commands(folder=tmp_path)


def test_every_combination_is_in_the_table_and_the_files(mqlab: Commands, tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("a.csv", "a.json", "a.html")]
    words = [
        word for option, file in zip(("--csv", "--json", "--html"), files, strict=True) for word in (option, str(file))
    ]
    ended = mqlab("vary", "tokyo-singapore", "--set", f"{DELAY}=20ms,70ms", "--seeds", "2", "--jobs", "2", *words)
    assert ended.code == 1, ended.err  # with 20 ms an expectation of at least 35 ms fails
    assert ended.err == ""
    table = ended.out.splitlines()
    assert table[0].split()[:2] == ["delay", "verdict"]
    assert [line.split()[:2] for line in table[1:3]] == [["20ms", "failed"], ["70ms", "passed"]]
    assert table[-1] == "4 runs: 2 passed, 2 failed"
    with files[0].open() as stream:
        rows = [*csv.DictReader(stream)]
    assert [(row[DELAY], row["seed"], row["outcome"], row["verdict.3"]) for row in rows] == [
        ("20ms", "1", "failed", "failed"),
        ("20ms", "2", "failed", "failed"),
        ("70ms", "1", "passed", "passed"),
        ("70ms", "2", "passed", "passed"),
    ]
    assert len(json.loads(files[1].read_text())["runs"]) == 4
    assert files[2].read_text().startswith("<!doctype html>")
    assert not mqlab.home.exists()  # no run folder is left of any run


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--set", f"{DELAY}x=5ms,6ms"], "delayx"),
        (["--set", "links.tokyo-singapor.delay=5ms,6ms"], "did you mean tokyo-singapore?"),
        (["--set", f"{DELAY}=5ms,7"], f"in the combination {DELAY}=7"),
        (["--set", f"{DELAY}=5ms"], "nothing varies"),
        (["--seeds", "2", "--limit", "5"], "--limit: '5' has no unit"),
        (["--seeds", "2", "--limit", "0s"], "leaves no time"),
        (["--seeds", "2", "-j", "2", "--on", "tcp://localhost:1"], "--jobs and --on exclude each other"),
        (["--seeds", "2", "--on", "localhost"], "write tcp://HOST:PORT"),
        (["--seeds", "none"], "not a seed"),
        (["--seeds", "2", "--csv", "nowhere/a.csv"], "make the folder"),
    ],
)
def test_what_is_wrong_ends_with_2_before_anything_runs(mqlab: Commands, words: list[str], said: str) -> None:
    ended = mqlab.inside("vary", "tokyo-singapore", *words)
    assert ended.code == 2
    assert said in ended.err


def test_files_that_are_there_and_links_are_left_alone(mqlab: Commands, tmp_path: Path) -> None:
    there, link, other = tmp_path / "there.csv", tmp_path / "link.html", tmp_path / "other"
    there.write_text("mine")
    link.symlink_to(other)
    for option, file in (("--csv", there), ("--html", link)):
        ended = mqlab.inside("vary", "tokyo-singapore", "--seeds", "2", option, file)
        assert (ended.code, f"{file} is there" in ended.err) == (2, True)
    twice = mqlab.inside("vary", "tokyo-singapore", "--seeds", "2", "--csv", other, "--json", other)
    assert (twice.code, "named twice" in twice.err) == (2, True)
    assert (there.read_text(), other.exists()) == ("mine", False)


def test_a_million_combinations_want_a_yes(mqlab: Commands) -> None:
    values = ",".join(f"{number}ms" for number in range(1, 1001))
    ended = mqlab.inside("vary", "tokyo-singapore", "--set", f"{DELAY}={values}", "--seeds", "1000")
    assert ended.code == 2
    assert "these are 1,000,000 runs, and take about" in ended.err
    assert "or add --yes" in ended.err


@pytest.mark.release
def test_a_run_that_fails_ends_with_its_code_and_the_rest_is_kept(mqlab: Commands) -> None:
    ended = mqlab("vary", "cut-and-heal", "--set", "steps.5=1s,60s", "--limit", "50s", "--jobs", "1")
    assert (ended.code, ended.out.splitlines()[-1]) == (4, "2 runs: 1 passed, 1 error")


def test_an_interruption_keeps_what_is_done(mqlab: Commands, tmp_path: Path) -> None:
    """On a terminal, which shows a bar: it says how many are done."""
    table = tmp_path / "a.csv"
    code, out, said = _interrupted(mqlab, "--csv", "a.csv")
    assert code == 130
    done = _done(table)
    assert f"{done} of 500 runs were done; they are in a.csv" in said
    assert out.splitlines()[-1] == f"500 runs: {done} passed, {500 - done} not run"


@pytest.mark.release
def test_a_file_that_cannot_be_written_costs_neither_the_others_nor_the_table(mqlab: Commands, tmp_path: Path) -> None:
    there, other = tmp_path / "a.csv", tmp_path / "a.json"
    words = "--csv", "a.csv", "--json", "a.json"
    code, out, said = _interrupted(mqlab, *words, meanwhile=lambda: there.write_text("mine"))
    assert (code, there.read_text()) == (130, "mine")
    done = len(json.loads(other.read_text())["runs"])
    assert f"{done} of 500 runs were done; they are in a.json" in said
    assert "a.csv exists" in said
    assert out.splitlines()[-1] == f"500 runs: {done} passed, {500 - done} not run"


def test_without_space_for_a_page_the_table_is_printed_and_its_error_told(mqlab: Commands, tmp_path: Path) -> None:
    words = ["vary", "tokyo-singapore", "--seeds", "2", "--jobs", "1", "--csv", "a.csv", "--html", "a.html"]
    ended = subprocess.run(
        ["bash", "-c", 'ulimit -f 4; exec "$@"', "bash", MQLAB, *words],  # at most 4 KiB a file: histories neither
        env=mqlab.environment(PYTHONDONTWRITEBYTECODE="1"),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 3
    assert "a.html cannot be written" in ended.stderr
    assert _done(tmp_path / "a.csv") == 2
    assert ended.stdout.splitlines()[-1] == "2 runs: 2 error"


def _interrupted(mqlab: Commands, *more: str, meanwhile: Callable[[], object] = lambda: None) -> tuple[int, str, str]:
    """Interrupt 500 runs once one is done, on a terminal, whose bar says so: the exit code, stdout, the terminal."""
    ours, its = pty.openpty()
    words = ["vary", "tokyo-singapore", "--seeds", "500", "--jobs", "1", "--yes", *more]  # a slow machine is asked
    environment = {**mqlab.environment(), "TERM": "xterm", "COLUMNS": "100"}
    with subprocess.Popen(
        [MQLAB, *words], stdout=subprocess.PIPE, stderr=its, text=True, env=environment, cwd=mqlab.folder
    ) as process:
        os.close(its)
        said = b""
        while re.search(rb" [1-9]\d*/500", said) is None:  # the bar may pass over the first
            said += os.read(ours, 4096)
        meanwhile()
        process.send_signal(signal.SIGINT)
        rest = _read_all(ours)
        out, _ = process.communicate(timeout=120)
    os.close(ours)
    return process.returncode, out, rest.decode()


def _done(table: Path) -> int:
    with table.open() as stream:
        done = len([*csv.DictReader(stream)])
    assert 1 <= done < 500
    return done


def _read_all(descriptor: int) -> bytes:
    """Return all that a terminal shows until nobody writes to it any more."""
    found = b""
    while True:
        try:
            some = os.read(descriptor, 4096)
        except OSError:  # Linux's way of saying so
            return found
        if not some:
            return found
        found += some


def test_without_dask_the_remedy_is_named(mqlab: Commands) -> None:
    code = (
        "import sys; sys.modules['distributed'] = None\n"
        "sys.argv = ['mqlab', 'vary', 'tokyo-singapore', '--seeds', '2', '--on', 'tcp://127.0.0.1:1']\n"
        "from lab.cli import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", code], env=mqlab.environment(), capture_output=True, text=True)
    assert done.returncode == 3
    assert "pip install 'mqlab[sweeps]'" in done.stderr


def test_from_python_with_rows_as_they_come() -> None:
    seen: list[vary.Row] = []
    found = vary.run("tokyo-singapore", set={DELAY: ["20ms", "70ms"]}, seeds=[4], jobs=1, each=seen.append)
    assert [row.outcome for row in found.rows] == ["failed", "passed"]
    assert sorted(seen, key=lambda row: row.combination.number) == [*found.rows]
    assert (found.scenario, found.left, found.passed) == ("the article, replayed", 0, False)
    with pytest.raises(InputError, match="there is no seed"):
        vary.run("tokyo-singapore", seeds=[])


def test_the_program_that_the_page_shows(capsys: pytest.CaptureFixture[str]) -> None:
    (block,) = blocks("python", "vary")
    exec(compile(block.text, block.id, "exec"), {})
    said = capsys.readouterr().out
    assert said.count("Row(combination=Combination(") == 4
    assert (
        said.rstrip().splitlines()[-1].startswith("100,2,failed,")
    )  # the scenario expectations what a window of 10 does


@pytest.mark.release
def test_runs_do_not_depend_on_who_does_them() -> None:
    from concurrent.futures import ThreadPoolExecutor

    def figures(of: vary.Variation) -> list[object]:
        return [(row.outcome, row.latency, row.took, row.lasted) for row in of.rows]

    values = {PREFETCH: [1, 1000]}
    with ThreadPoolExecutor(2) as executor:
        threads = vary.run("jitter-and-loss", set=values, seeds=[1, 2], executor=executor)
    assert figures(threads) == figures(vary.run("jitter-and-loss", set=values, seeds=[1, 2], jobs=2))
    assert threads.rows[0].latency != threads.rows[1].latency  # another seed


@pytest.mark.release
def test_a_script_without_a_guard_runs_once(mqlab: Commands, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "from lab import vary\nprint('begun')\n"
        "print([row.outcome for row in vary.run('tokyo-singapore', seeds=[1, 2], jobs=2).rows])\n"
    )
    done = subprocess.run([sys.executable, script], env=mqlab.environment(), capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("begun\n['passed', 'passed']\n", "")
