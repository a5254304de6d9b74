"""A contract makes the runs that are missing, keeps each as it ends, and compares; the runner is handed in."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from msgspec import structs

from bench.contract import text
from bench.contract.contract import Contract, contract_of, load, runner
from bench.contract.figures import RULES, figures
from lab.check.scenarios import plan_named
from lab.errors import HostError
from lab.judge import Judged
from lab.runtime.progress import Logged
from tests.contract.runs import MACHINE

IMAGES = ("broker:1",)


class Runs:
    """Runs everything in the simulation, and notes what was asked; the emulated run at seed `dies` dies."""

    def __init__(self, name: str, dies: int = 0, **set: str) -> None:
        self.asked: list[tuple[str, int]] = []
        self.dies = dies
        self._run = runner(name, {}, Logged(), set=set)

    def __call__(self, runtime: str, seed: int) -> Judged:
        self.asked.append((runtime, seed))
        if runtime == "emulation" and seed == self.dies:
            raise HostError("no engine")
        return self._run("simulation", seed)


def contract(folder: Path, runs: Runs, name: str = "tokyo-singapore") -> Contract:
    return contract_of(plan_named(name, {}), name, folder, runs, lambda: MACHINE)


def test_only_what_is_missing_is_run(tmp_path: Path) -> None:
    runs = Runs("tokyo-singapore", dies=2)
    its = contract(tmp_path, runs)
    assert its.missing(3, IMAGES) == (1, 2, 3)
    its.emulate(1, IMAGES)
    with pytest.raises(HostError):
        its.emulate(2, IMAGES)
    again = contract(tmp_path, runs)  # another process
    assert again.missing(3, IMAGES) == (2, 3)
    assert again.missing(1, ("broker:2",)) == (1,)
    (kept,) = again.kept.runs()
    assert (kept.machine, kept.images, kept.seed) == (structs.replace(MACHINE, tcp="cubic"), IMAGES, 1)


def test_runs_are_compared_and_told(tmp_path: Path) -> None:
    its = contract(tmp_path, Runs("tokyo-singapore"))
    assert its.compared(its.simulate()).rows == ()
    for seed in (1, 2):
        its.emulate(seed, IMAGES)
    found = its.compared(its.simulate(), IMAGES)
    assert found.agrees
    head, *lines = text.lines(found)
    assert head == "tokyo-singapore: 19 of 19 figures agree (2 emulated runs, fewer than 10, 3 simulated)"
    assert [line[:1] for line in lines] == ["·", "·"]
    (row,) = [*text.table([found])][2:]
    assert row == "| tokyo-singapore | 2 | 0.1 to 0.1 | 3 of 3 | 16 of 16 | – | – |"


def on(tcp: str, its: Contract) -> Contract:
    """Return a contract on a machine with this congestion control."""
    return dataclasses.replace(its, measure=lambda: structs.replace(MACHINE, tcp=tcp))


def test_runs_with_another_congestion_control_are_left_out_and_counted(tmp_path: Path) -> None:
    bbr, cubic = (on(tcp, contract(tmp_path, Runs("tokyo-singapore"))) for tcp in ("bbr", "cubic"))
    bbr.emulate(1, IMAGES)
    found = bbr.compared(bbr.simulate())
    assert not found.agrees and not found.rows
    assert text.summary(found) == "no emulated run is compared, 1 emulated run left out"
    assert (bbr.missing(2, IMAGES), cubic.missing(2, IMAGES)) == ((2,), (1, 2))
    cubic.emulate(2, IMAGES)
    found = bbr.compared(bbr.simulate())
    assert found.agrees
    assert ([its.seed for its in found.emulated], [its.seed for its in found.apart]) == ([2], [1])
    head, *_, last = text.lines(found)
    assert "(1 emulated run, fewer than 10, 1 emulated run left out, 3 simulated)" in head
    assert last.startswith("1 emulated run left out: TCP was bbr, and models and brokers have cubic")
    assert "| tokyo-singapore | 1, 1 left out |" in [*text.table([found])][2]
    assert (bbr.missing(2, IMAGES), cubic.missing(2, IMAGES)) == ((), (1,))


@pytest.mark.release
def test_runs_whose_figures_are_by_other_rules_are_left_out_by_name_and_made_again(tmp_path: Path) -> None:
    its = contract(tmp_path, Runs("tokyo-singapore"))
    for seed in (1, 2):
        its.emulate(seed, IMAGES)
    old = structs.replace(its.kept.runs()[0], rules=RULES - 1)
    its.kept.keep(old)
    found = its.compared(its.simulate(), IMAGES)
    assert found.agrees and found.outdated == (old,)
    assert [each.seed for each in found.emulated] == [2]
    assert its.missing(2, IMAGES) == (1,)
    head, *_, last = text.lines(found)
    assert "(1 emulated run, fewer than 10, 1 emulated run left out, 3 simulated)" in head
    assert last == (
        f"1 emulated run left out: figures are made by other rules now ({RULES}) than those of "
        f"tokyo-singapore/{its.kept.digest}-1.json; make them again"
    )
    assert "| tokyo-singapore | 1, 1 left out |" in [*text.table([found])][2]
    its.emulate(1, IMAGES)
    assert not its.compared(its.simulate(), IMAGES).outdated


def test_a_machine_that_does_not_say_its_load_has_none(tmp_path: Path) -> None:
    file = tmp_path / "loadavg"
    assert load(file) is None
    file.write_text("")
    assert load(file) is None
    file.write_text("0.25 0.5 1.0 1/100 1\n")
    assert load(file) == 0.25


def test_a_model_that_is_wrong_is_found(tmp_path: Path) -> None:
    contract(tmp_path, Runs("tokyo-singapore", **{"links.tokyo-singapore.delay": "9ms"})).emulate(1, IMAGES)
    its = contract(tmp_path, Runs("tokyo-singapore"))
    found = its.compared(its.simulate())
    assert not found.agrees
    assert [row.name for row in found.rows if row.agrees is False] == ["latency: {to: [tk, sg], at-least: 35ms}"]
    assert "| failed | passed |" in [*text.disagreements([found])][2]


@pytest.mark.release
@pytest.mark.parametrize(("name", "chance"), [("tokyo-singapore", False), ("jitter-and-loss", True)])
def test_chance_takes_more_seeds(name: str, chance: bool, tmp_path: Path) -> None:
    runs = Runs("tokyo-singapore")
    its = contract(tmp_path, runs, name)
    assert its.chance is chance
    assert len([*its.simulate()]) == (20 if chance else 3)


def test_figures_have_paces_and_bursts(tmp_path: Path) -> None:
    run = runner("small-window", {}, Logged())
    (stream,) = figures(run("simulation", 1)).streams
    assert (stream.messages, stream.paced) == (200, False)
    assert stream.per_s is not None
    assert 0.88 < stream.per_s * 0.0723 / 10 < 1  # a window each round trip; less while TCP recovers from the cut
    (stream,) = figures(runner("asymmetric-delay", {}, Logged())("simulation", 1)).streams[:1]
    assert (stream.messages, stream.paced, stream.per_s) == (60, True, None)
    assert stream.p50 > 140
