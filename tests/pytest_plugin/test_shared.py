"""A lab that tests share, without pytest: when it is opened, brought back, renewed, left to a person."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from lab import labs
from lab.errors import HostError
from lab.living.lab import Live
from lab.pytest_plugin.labs import SessionLabs
from lab.pytest_plugin.settings import FAILED, Settings, Wanted
from lab.pytest_plugin.shared import SharedLab

USUAL = Wanted(scenario="tokyo-singapore", runtime="simulation")


@pytest.fixture
def runs() -> list[str]:
    """The runs that were opened; each is followed by `ended` when it has."""
    return []


@pytest.fixture
def opening(tmp_path: Path, runs: list[str]) -> Callable[[], object]:
    @contextmanager
    def opened() -> Iterator[Live]:
        with labs.up("tokyo-singapore", runtime="simulation", runs=tmp_path, environment={}) as lab:
            runs.append(lab.run)
            yield lab
        runs.append("ended")

    return opened


def test_it_is_opened_when_it_is_asked_for_and_once(opening: Callable[[], object], runs: list[str]) -> None:
    shared = SharedLab(opening)  # type: ignore[arg-type]
    assert (runs, shared.run) == ([], "")
    for name in ("one", "two"):
        with shared.test(name) as lab:
            assert lab.run == shared.run == runs[0]
    shared.close()
    assert runs[1:] == ["ended"]
    assert shared.run == ""
    shared.close()


def test_one_that_stays_is_left_as_the_test_left_it(opening: Callable[[], object], runs: list[str]) -> None:
    shared = SharedLab(opening)  # type: ignore[arg-type]
    live = shared.ready()
    with shared.test("fails") as lab:
        lab.cut()
        shared.spoilt = "it stays"
    assert live.links()[0].state == "cut"
    with shared.test("next") as lab:
        assert lab.links()[0].state == "open"
    assert shared.ready() is live and live.run == runs[2] != runs[0]
    shared.close()


def test_an_opening_that_failed_is_not_tried_again() -> None:
    tried: list[int] = []

    @contextmanager
    def opened() -> Iterator[Live]:
        tried.append(1)
        raise HostError("the disk is full")
        yield

    shared = SharedLab(opened)
    for _ in range(2):
        with pytest.raises(HostError, match="the disk is full"):
            shared.ready()
    assert tried == [1]


def test_the_first_lab_in_which_a_test_fails_is_to_stay(tmp_path: Path) -> None:
    its = SessionLabs(Settings(usual=USUAL, runs=tmp_path, environment={}, keep=FAILED))
    with its.usual.test("fails") as lab:
        its.failed(lab.run)
    assert "stays" in its.usual.spoilt
    with its.usual.test("fails too") as another:
        assert another.run != lab.run
        its.failed(another.run)
    assert its.usual.spoilt == ""
    its.close()


def test_of_other_labs_there_is_one_at_a_time(tmp_path: Path) -> None:
    its = SessionLabs(Settings(usual=USUAL, runs=tmp_path, environment={}))
    one, two = (Wanted(scenario=name, runtime="simulation") for name in ("one-way", "the-article"))
    first = its.of(one)
    assert its.of(USUAL) is its.usual
    assert first.ready().run == its.of(one).run != ""
    assert its.of(two) is not first and first.run == ""
    its.close()
