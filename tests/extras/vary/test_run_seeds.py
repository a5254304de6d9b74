"""`mqlab run --seeds`: how many seeds passed, which verdicts came where, and what does not go with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.command import Commands
from tests.simulation.test_chance import two_connectors


@pytest.fixture
def commands(tmp_path: Path) -> Commands:
    return Commands(folder=tmp_path / "here")


SIMULATED = ("--runtime", "simulation", "--quiet")


def test_it_tells_how_many_seeds_held_and_the_first_seed_of_each_verdict(commands: Commands, tmp_path: Path) -> None:
    scenario = two_connectors(tmp_path, 'suppressDuplicateTopicSubscriptions="false"')
    found = commands.inside("run", scenario, "--seeds", "1-4", "--jobs", "1", "--json", *SIMULATED).json
    once, ever = found["expectations"]
    assert found["seeds"] == [1, 2, 3, 4]
    assert (found["passed"], found["failed"], found["unknown"], found["error"]) == (
        once["passed"]["count"],
        4 - once["passed"]["count"],
        0,
        0,
    )
    assert ever["passed"] == {"count": 4, "first_seed": 1}
    assert ever["failed"] == ever["unknown"] == {"count": 0, "first_seed": None}
    first = once["failed"]["first_seed"]
    assert next(each["seed"] for each in found["runs"] if each["outcome"] == "failed") == first
    told = commands.inside("run", scenario, "--seeds", f"{once['passed']['first_seed']},{first}", *SIMULATED)
    assert told.code == 1
    headline, one, other = told.out.splitlines()
    assert headline == "two connectors beside each other: 1 of 2 seeds passed, simulated"
    assert one.startswith(
        f"passed 1 (first: {once['passed']['first_seed']})  failed 1 (first: {first})  unknown 0  deliv"
    )
    assert other.startswith("passed 2 (first: ")


def test_where_all_hold_it_ends_with_0_and_leaves_no_run(commands: Commands) -> None:
    done = commands.inside("run", "one-way", "--seeds", "2", "--jobs", "1", *SIMULATED)
    assert (done.code, done.out.splitlines()[0]) == (0, "one way only: 2 of 2 seeds passed, simulated")
    assert not (commands.home / "runs").exists()


@pytest.mark.parametrize(
    ("words", "what", "remedy"),
    [
        (("--seeds", "20-5", *SIMULATED), "--seeds 20-5 is an empty range", "write the lower seed first: 5-20"),
        (("--seeds", "5-", *SIMULATED), "--seeds: '5-' is not a seed", "a range: 5-20"),
        (("--seeds", "", *SIMULATED), "--seeds: '' is not a seed", "write 5 for 1 to 5"),
        (("--seeds", "0", *SIMULATED), "--seeds '0' is not between 1", ""),
        (("--seeds", "1001", *SIMULATED), "1,001 seeds", "use mqlab vary with --yes"),
        (("--seeds", "1-9999999999999999999", *SIMULATED), "has more than 1000000 seeds", "a smaller range"),
        (("--seeds", "5"), "--seeds is for the simulation", "add --runtime simulation"),
        (("--seeds", "5", "--runtime", "emulation"), "--seeds is for the simulation", "write --seed 1 for one run"),
        (("--seeds", "5", "--runtime", "other"), 'no runtime named "other"', "simulation"),
        (("--seeds", "5", "--seed", "0", *SIMULATED), "--seed is for one run", "remove --seed;"),
        (("--seeds", "5", "--html", "x.html", *SIMULATED), "--html is for one run", "remove --html;"),
        (("failover", "--seeds", "5", *SIMULATED), "--seeds is for one scenario", "a command of its own"),
    ],
)
def test_what_it_cannot_do_is_refused_by_name_with_a_remedy(
    commands: Commands, words: tuple[str, ...], what: str, remedy: str
) -> None:
    done = commands.inside("run", "one-way", *words, MQLAB_RUNTIME="")
    assert done.code == 2
    assert what in done.err and remedy in done.err
