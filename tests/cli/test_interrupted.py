"""However a command's reader or its user leaves it, it ends with its exit code and without a traceback."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.base.interrupts import Terminated
from lab.cli.options import ending
from tests.command import MQLAB, Commands
from tests.docs.pages import ROOT


@pytest.fixture
def silent() -> Iterator[socket.socket]:
    """Return an engine that never answers."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        listening.settimeout(120)
        yield listening


def at(silent: socket.socket) -> str:
    return f"tcp://127.0.0.1:{silent.getsockname()[1]}"


@pytest.mark.parametrize("words", [["sweep"], ["sweep", "--all"], ["status"]])
def test_ctrl_c_while_the_engine_is_asked(tmp_path: Path, silent: socket.socket, words: list[str]) -> None:
    mqlab = Commands(folder=tmp_path)
    process = mqlab.start(*words, DOCKER_HOST=at(silent))
    with silent.accept()[0] as asked:
        asked.recv(1)
        process.send_signal(signal.SIGINT)
        ended = mqlab.end_of(process)
    assert (ended.code, ended.out, ended.err) == (130, "", "mqlab: interrupted\n")


@pytest.mark.parametrize(
    ("its", "code"), [(Terminated(signal.SIGHUP), 129), (Terminated(signal.SIGTERM), 143), (KeyboardInterrupt(), 130)]
)
def test_a_signal_while_the_interpreter_takes_a_lock(its: BaseException, code: int) -> None:
    """Beginning a thread, it then fails to release what it had not taken yet: what ended the program is the signal."""

    def command() -> None:
        try:
            raise its
        finally:
            raise RuntimeError("release unlocked lock")

    with pytest.raises(SystemExit) as ended:
        ending(command)()
    assert ended.value.code == code


def test_an_error_that_no_signal_caused_is_told_whole() -> None:
    def command() -> None:
        raise RuntimeError("a mistake")

    with pytest.raises(RuntimeError, match="a mistake"):
        ending(command)()


INTERRUPTED_WHILE_LOADING = """
import os, signal, sys
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == sys.argv[-1]:
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Finder())
from lab.__main__ import main
main()
"""


@pytest.mark.parametrize("module", ["lab.cli", "typer", "lab.cli.regions", "lab.cli.options"])
def test_ctrl_c_while_it_loads_ends_it_without_a_word(tmp_path: Path, module: str) -> None:
    environment = Commands(folder=tmp_path).environment()
    command = [sys.executable, "-c", INTERRUPTED_WHILE_LOADING, "regions", module]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)
    assert (ended.returncode, ended.stdout, ended.stderr) == (130, "", "")


DROPPED = """
import os, signal, sys
class Deleted:
    def __del__(self):
        os.kill(os.getpid(), getattr(signal, NUMBER))
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == MODULE:
            Deleted()
MODULE, NUMBER = sys.argv[1:3]
del sys.argv[1:3]
sys.meta_path.insert(0, Finder())
from lab.__main__ import main
main()
"""


@pytest.mark.parametrize("module", ["lab.labs", "lab.simulation.lab", "lab.replay"])
@pytest.mark.parametrize(("number", "code", "said"), [("SIGTERM", 143, ""), ("SIGINT", 130, "mqlab: interrupted\n")])
def test_a_run_ends_by_a_signal_that_comes_where_python_drops_its_exception(
    tmp_path: Path, module: str, number: str, code: int, said: str
) -> None:
    endless = tmp_path / "endless.yaml"
    text = (ROOT / "scenarios" / "one-way.yaml").read_text("utf-8").replace("expect:", "  - wait: 9000h\nexpect:")
    endless.write_text(text.replace("topologies/", f"{ROOT}/scenarios/topologies/"), "utf-8")
    environment = Commands(folder=tmp_path).environment()
    words = ["run", str(endless), "--runtime", "simulation", "--quiet"]
    command = [sys.executable, "-c", DROPPED, module, number, *words]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)
    assert (ended.returncode, ended.stdout, ended.stderr) == (code, "", said)


WORDS = [
    ["status", "--json"], ["check", "nowhere", "--json"], ["regions"],
    ["--help"], ["regions", "--help"], ["link", "--help"], ["link"], [], ["--version"],
]  # fmt: skip


@pytest.mark.sampled(4)
@pytest.mark.parametrize("words", WORDS, ids=" ".join)
@pytest.mark.parametrize("both", [False, True], ids=["stdout", "both"])
def test_a_reader_that_has_left_is_no_verdict(tmp_path: Path, words: list[str], both: bool) -> None:
    """Also where what is not read any more is an error: 1 would say that an expectation failed or is unknown."""
    reading, writing = os.pipe()
    os.close(reading)
    environment = Commands(folder=tmp_path).environment(DOCKER_HOST="tcp://127.0.0.1:1")
    err = writing if both else subprocess.PIPE
    ended = subprocess.run([MQLAB, *words], env=environment, stdout=writing, stderr=err, check=False, timeout=120)
    os.close(writing)
    assert ended.returncode == 141 and not ended.stderr
