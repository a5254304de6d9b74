"""A lab that tests share, without pytest: when it is opened, brought back, renewed, left to a person."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from lab import labs
from lab.base.file_locks import lock
from lab.base.version import __version__
from lab.check.scenarios import plan_named
from lab.errors import HostError, InputError
from lab.living.lab import Live
from lab.pytest_plugin.session_labs import SessionLabs
from lab.pytest_plugin.shared_lab import SharedLab
from lab.pytest_plugin.wanted import FAILED, Settings, Wanted
from lab.runtime.lab import StandingLab

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


@pytest.mark.parametrize(
    ("does", "state", "why"),
    [
        (lambda lab: lab.cut(), "open", ""),
        (lambda lab: lab.connect("tokyo").subscribe(topic="prices.eur"), "open", ""),
        (lambda lab: lab.lab.instances.kill("tokyo"), "open", "broker tokyo does not answer"),
        (lambda lab: (lab.cut(), lab.create_user("tokyo", "audit", "over-the-ocean-1858")), "cut", "the service's rec"),
    ],
    ids=["cut", "client", "kill", "user"],
)
def test_one_that_is_left_to_the_next_session_is_brought_back_first(
    opening: Callable[[], AbstractContextManager[Live]], does: Callable[[Live], object], state: str, why: str
) -> None:
    ended: list[str] = []
    shared: SharedLab

    @contextmanager
    def opened() -> Iterator[Live]:
        with opening() as lab:
            yield lab
            assert lab.links()[0].state == state
            assert not lab.demand("singapore", topic="prices.eur")
            ended.append(shared.spoilt)
            assert not shared.touched

    shared = SharedLab(opened, stays=True)
    live = shared.ready()
    shared.touched = True
    does(live)
    shared.close()
    assert len(ended) == 1
    assert ended[0].startswith(why) and bool(ended[0]) is bool(why)


def test_a_standby_that_was_killed_has_the_lab_renewed(tmp_path: Path) -> None:
    """No count of a broker tells of it: it has no process of a broker's, and serves nobody."""

    @contextmanager
    def opened() -> Iterator[Live]:
        with labs.up("failover", runtime="simulation", runs=tmp_path, environment={}) as lab:
            yield lab

    shared = SharedLab(opened)
    with shared.test("one") as lab:
        lab.kill("singapore", instance="standby")
        run = lab.run
    assert shared.spoilt == "broker singapore was killed"
    with shared.test("two") as lab:
        assert lab.run != run and lab.lab.note.off == {}
    shared.close()


class Interrupted:
    """An open lab that is interrupted (Ctrl-C) when it is purged for the first time."""

    def __init__(self, lab: StandingLab) -> None:
        self._lab, self._again, self.management = lab, False, self

    def __getattr__(self, name: str) -> Any:
        return getattr(self._lab, name) if hasattr(self._lab, name) else getattr(self._lab.management, name)

    def purge(self, brokers: Sequence[str]) -> None:
        if not self._again:
            self._again = True
            raise KeyboardInterrupt
        self._lab.management.purge(brokers)


def test_one_that_is_interrupted_while_it_is_brought_back_is_not_as_it_was(
    opening: Callable[[], AbstractContextManager[Live]],
) -> None:
    @contextmanager
    def opened() -> Iterator[Live]:
        with opening() as lab:
            yield cast(Live, SimpleNamespace(lab=Interrupted(lab.lab)))

    shared = SharedLab(opened)
    with pytest.raises(KeyboardInterrupt), shared.test("one"):
        pass
    assert shared.touched
    with shared.test("two"):
        pass
    assert not shared.touched
    shared.close()


class Memory:
    """What is known of the lab that is reused; it looks whether somebody has that while it is asked."""

    def __init__(self, folder: Path, name: str = "main") -> None:
        self.lock = folder / f"{name}.lock"
        self.known = {"run": "theirs", "of": "another file", "left": "in use"}
        self.taken: list[bool] = []

    def get(self) -> dict[str, str]:
        self.taken.append(self.is_taken())
        return dict(self.known)

    def set(self, known: dict[str, str]) -> None:
        self.known = known

    def is_taken(self) -> bool:
        with self.lock.open("w") as file:
            try:
                lock(file.fileno(), wait=False)
            except BlockingIOError:
                return True
            return False


def test_a_lab_that_another_session_has_is_left_alone(tmp_path: Path) -> None:
    memory = Memory(tmp_path)
    its = SessionLabs(Settings(usual=USUAL, runs=tmp_path, environment={}, reuse=True), [memory])
    with memory.lock.open("w") as file:
        lock(file.fileno())
        with its.usual.test("one") as lab_of_test:
            assert lab_of_test.run != "theirs"
        its.close()
    assert (memory.known["run"], its.staying, memory.taken) == ("theirs", [], [])


def test_what_is_done_after_the_last_test_is_not_taken_for_what_was_declared(tmp_path: Path) -> None:
    shared = SharedLab(lambda: labs.up("tokyo-singapore", runtime="simulation", runs=tmp_path, environment={}))
    with shared.test("one") as lab:
        lab.cut()
    live = shared.ready()
    assert 0 < shared.steps == live.history.file.last_step()
    live.cut()  # as a person does while no test has the lab
    assert shared.steps < live.history.file.last_step()
    shared.close()


def test_a_session_has_the_lab_that_it_reuses_for_itself(tmp_path: Path) -> None:
    memory = Memory(tmp_path)
    memory.known = {}
    its = SessionLabs(Settings(usual=USUAL, runs=tmp_path, environment={}, reuse=True), [memory])
    with pytest.raises(InputError):  # a simulated one cannot stay
        its.usual.ready()
    its.close()
    assert memory.taken == [True, True]
    assert not memory.is_taken()


def test_a_lab_that_was_left_clean_is_taken_before_another_one_is_opened(tmp_path: Path) -> None:
    settings, memories = Settings(usual=USUAL, runs=tmp_path, environment={}, reuse=True), list[Memory]()
    for name in ("main", "worker-2"):
        memories.append(Memory(tmp_path, name))
        memories[-1].known = {}
    text = json.dumps([__version__, plan_named(USUAL.scenario, {}).plan.to_dict()], sort_keys=True)
    memories[1].known = {"run": "left", "of": hashlib.sha256(text.encode()).hexdigest(), "left": "clean"}
    its = SessionLabs(settings, memories)
    with pytest.raises(InputError):  # a simulated one cannot stay
        its.usual.ready()
    assert [len(memory.taken) for memory in memories] == [1, 2]
    its.close()
    with memories[1].lock.open("w") as file:
        lock(file.fileno())
        its = SessionLabs(settings, memories)
        with pytest.raises(InputError):
            its.usual.ready()
        its.close()
    assert [len(memory.taken) for memory in memories] == [3, 2]


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
        its.failed("one that cannot stay", "simulation")
        assert its.usual.spoilt == ""
        its.failed(lab.run, "emulation")
    assert "stays" in its.usual.spoilt
    with its.usual.test("fails too") as another:
        assert another.run != lab.run
        its.failed(another.run, "emulation")
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
