"""`mqlab film` and `mqlab run --film`: a run as a page that plays it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.command import Commands
from tests.extras.film.film_cases import JUDGED

RUN = "run", "one-way", "--runtime", "simulation", "--quiet"


@pytest.fixture
def mqlab(tmp_path: Path) -> Commands:
    return Commands(folder=tmp_path)


def test_a_run_keeps_its_film_and_its_report_links_it(mqlab: Commands) -> None:
    assert mqlab.inside(*RUN, "--film").code == 0
    assert "film of run" in (mqlab.latest / "film.html").read_text()
    assert 'href="film.html"' in (mqlab.latest / "report.html").read_text()


def test_a_run_has_a_film_only_if_it_is_asked_for_then_or_later(mqlab: Commands, tmp_path: Path) -> None:
    assert mqlab.inside(*RUN).code == 0
    assert not (mqlab.latest / "film.html").exists()
    elsewhere = mqlab.inside("film", "latest", tmp_path / "a.html")
    assert (elsewhere.code, elsewhere.out) == (0, f"film: {tmp_path / 'a.html'}\n")
    assert not (mqlab.latest / "film.html").exists()
    assert mqlab.inside("film").code == 0
    assert (mqlab.latest / "film.html").is_file()
    assert 'href="film.html"' in (mqlab.latest / "report.html").read_text()


@pytest.mark.release
def test_several_runs_have_a_film_each(mqlab: Commands) -> None:
    assert mqlab.inside("run", "one-way", "one-way-fails", *RUN[2:], "--film").code == 1
    assert len([*(mqlab.home / "runs").glob("2*/film.html")]) == 2


def test_a_history_that_is_cut_short_has_a_film_up_to_its_end(mqlab: Commands, tmp_path: Path) -> None:
    shutil.copy(JUDGED / "cut-short" / "history.jsonl", tmp_path)
    assert mqlab.inside("film", tmp_path / "history.jsonl").code == 0
    assert "its last line is incomplete" in (tmp_path / "film.html").read_text()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("no-such-run",), "no run"),
        (("{here}/history.jsonl", "{here}/mine.html"), "mine.html is there, and is not a report"),
        (("{here}/history.jsonl", "{here}/no/a.html"), "cannot be written"),
    ],
)
def test_a_film_that_cannot_be_made_is_refused_by_name(
    mqlab: Commands, tmp_path: Path, words: tuple[str, ...], says: str
) -> None:
    shutil.copy(JUDGED / "lost-in-a-cut" / "history.jsonl", tmp_path)
    (tmp_path / "mine.html").write_text("notes")
    ended = mqlab.inside("film", *(word.format(here=tmp_path) for word in words))
    assert ended.code == 2
    assert says in ended.err
    assert (tmp_path / "mine.html").read_text() == "notes"


def test_a_film_is_of_one_seed(mqlab: Commands) -> None:
    ended = mqlab.inside(*RUN, "--seeds", "2", "--film")
    assert (ended.code, "--film is for one run" in ended.err) == (2, True)
