"""`mqlab page`, `up --page` and `run --page`, as far as they need no real broker."""

from __future__ import annotations

import os
import socket
import sys
from contextlib import closing
from pathlib import Path

import pytest

from lab.extras.page.process import page_beside
from lab.living.attach import why_over
from lab.runtime import state_file as state_files
from lab.runtime.clock import RealClock
from lab.runtime.owner import Owner
from tests.command import Commands
from tests.living.live_lab import LiveLab

RUN = "run", "one-way", "--runtime", "simulation", "--quiet"
NOTES = "import sys, time\nfrom pathlib import Path\nnotes = Path(sys.argv[1])\n"
SERVES = NOTES + "print('page of', sys.argv[3], flush=True)\n"


@pytest.fixture
def mqlab(tmp_path: Path) -> Commands:
    return Commands(folder=tmp_path)


def test_a_simulated_run_opens_as_its_film_which_is_named(mqlab: Commands) -> None:
    ended = mqlab.inside(*RUN, "--page")
    assert (ended.code, ended.err) == (0, f"film: {mqlab.latest / 'film.html'}\n")
    assert "film of run" in (mqlab.latest / "film.html").read_text()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("run", "one-way", "one-way-fails", "--page"), "--page is for the run of one scenario"),
        (("run", "one-way", "--runtime", "simulation", "--seeds", "2", "--page"), "--page is for one run"),
        (("up", "one-way", "--page", "--detach"), "--page and --detach exclude each other"),
        (("page", "20260101-101010-aaaaaa"), "no lab"),
    ],
)
def test_a_page_that_cannot_be_served_is_refused_by_name(mqlab: Commands, words: tuple[str, ...], says: str) -> None:
    ended = mqlab.inside(*words)
    assert (ended.code, says in ended.err) == (2, True), ended.err


def test_a_page_beside_a_lab_is_named_and_ends_after_its_lab(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ends = SERVES + "while not (notes / 'over').exists(): time.sleep(0.01)\n(notes / 'ended').touch()\n"
    with page_beside("a-run", (sys.executable, "-c", ends, str(tmp_path))):
        assert capsys.readouterr().err == "page of a-run\n"
        (tmp_path / "over").touch()
    assert (tmp_path / "ended").exists()


def test_a_page_is_not_held_up_by_progress_that_is_not_read(tmp_path: Path) -> None:
    tells = SERVES + "sys.stderr.write('waiting\\n' * 100_000)\nsys.stderr.flush()\n(notes / 'went-on').touch()\n"
    with page_beside("a-run", (sys.executable, "-c", tells, str(tmp_path))):
        assert RealClock().wait((tmp_path / "went-on").exists, 20.0)


def test_a_page_beside_a_lab_ends_at_once_after_an_error(tmp_path: Path) -> None:
    waits = SERVES + "(notes / 'pid').write_text('%d' % __import__('os').getpid())\ntime.sleep(3600)\n"
    with pytest.raises(KeyboardInterrupt), page_beside("a-run", (sys.executable, "-c", waits, str(tmp_path))):
        while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text():
            os.sched_yield()
        raise KeyboardInterrupt
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


def test_a_page_that_does_not_begin_is_a_warning_and_the_lab_goes_on(capsys: pytest.CaptureFixture[str]) -> None:
    went_on = False
    with page_beside("a-run", (sys.executable, "-c", "import sys; sys.exit('a port is taken')")):
        went_on = True
    assert went_on and "the page is not served: a port is taken" in capsys.readouterr().err


def test_a_port_that_is_taken_is_refused_by_name(mqlab: Commands) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        ended = mqlab.inside("page", "--port", str(port))
    assert (ended.code, f"127.0.0.1:{port}: another program listens there" in ended.err) == (2, True), ended.err


def test_a_page_is_over_with_its_lab_or_with_the_process_that_kept_it(tmp_path: Path) -> None:
    note = LiveLab().note.with_fields(detached=False, owner=str(Owner.current()))
    state_files.save(note, tmp_path)
    assert why_over(note, tmp_path) is None
    dead = note.with_fields(owner=str(Owner.current()).replace(f"/{os.getpid()}/", "/4194304/"))
    assert "has died" in str(why_over(dead, tmp_path))
    assert why_over(dead.with_fields(detached=True), tmp_path) is None
    state_files.forget(note.run, tmp_path)
    assert "has ended" in str(why_over(note, tmp_path))
