"""The times of a machine: a person's own instead of those that ship, said in the history and in the report."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from bench import calibrate
from bench.contract.figures import figures
from lab import labs
from lab.base.units import parse_duration
from lab.errors import InputError
from lab.simulation.costs import NAMES, own_values, shipped_values, with_values


def test_those_that_ship_are_all_there_and_few() -> None:
    assert set(shipped_values()) == set(NAMES)
    assert len(NAMES) <= 10


def test_own_times_are_gone_by_and_said(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('[handling]\nvalue = "50ms"\n')
    own, usual = (
        labs.run("tokyo-singapore", runtime="simulation", runs=tmp_path, environment=environment)
        for environment in ({"MQLAB_COSTS": str(file)}, {})
    )
    slow, quick = (ran.report.deliveries[0].latency for ran in (own, usual))
    assert slow is not None and quick is not None
    usually = parse_duration(shipped_values()["handling"]).total_seconds() * 1000
    assert slow.p50 - quick.p50 == pytest.approx(2 * (50 - usually), abs=0.1)  # at two brokers
    headers = [json.loads(ran.folder.history.read_text().splitlines()[0]) for ran in (own, usual)]
    assert [header["costs"] for header in headers] == [{"handling": "50ms"}, {}]
    assert [note for note in own.report.notes if "person's own" in note] == [
        "Times of the machine are a person's own: handling 50ms."
    ]
    assert not [note for note in usual.report.notes if "person's own" in note]


def test_a_window_of_one_waits_for_both_brokers_and_both_ways(tmp_path: Path) -> None:
    """A bridge hands out the next message once the answer to the last one has gone through its own broker, too."""
    delay, prefetch = "links.tokyo-singapore.delay", "connectors.connector_tokyo_to_singapore.prefetchSize"
    turns = []
    for took in (0, 20):
        file = tmp_path / f"{took}.toml"
        file.write_text(f'[handling]\nvalue = "{took}ms"\n')
        ran = labs.run(
            "small-window",
            runtime="simulation",
            runs=tmp_path,
            environment={"MQLAB_COSTS": str(file)},
            set={delay: "50ms", prefetch: "1"},
            raising=False,
        )
        (burst,) = (each for each in figures(ran.judged).streams if not each.paced and each.messages > 100)
        assert burst.per_s is not None
        turns.append(1000 / burst.per_s)
    assert turns[0] == pytest.approx(2 * 50, abs=2)
    assert turns[1] - turns[0] == pytest.approx(2 * 20, abs=0.5)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("handling", "is not TOML"),
        (
            '[handing]\nvalue = "1ms"',
            r'a time "handing", which the simulation does not have(.|\n)*did you mean handling',
        ),
        ("handling = 3", "handling has no value"),
        ("[handling]\nvalue = 3", "handling has no value"),
        ('[handling]\nvalue = "3"', "handling: '3'"),
        ('[boot]\nvalue = "2m"', "boot is longer than 60 s"),
        ("#" * 70_000, "larger than 65536 bytes"),
    ],
)
def test_a_wrong_file_says_what_is_wrong_with_it(text: str, said: str, tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(text)
    with pytest.raises(InputError, match=said) as raised:
        labs.run("tokyo-singapore", runtime="simulation", runs=tmp_path, environment={"MQLAB_COSTS": str(file)})
    assert f"MQLAB_COSTS={file}" in str(raised.value)


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is not there"):
        own_values({"MQLAB_COSTS": str(tmp_path / "none.toml")})


@pytest.mark.release
def test_a_calibration_finds_the_times_by_which_a_run_went(tmp_path: Path) -> None:
    wanted = {"begin": 0.9, "boot": 0.3, "recover": 0.1, "stop": 0.2, "link": 0.2, "tls": 0.02, "first": 0.15}
    wanted |= {"message": 0.0003, "handling": 0.0025, "store-sync": 0.001}
    machine = {name: getattr(with_values({}), name.replace("-", "_")) / 1e9 for name in NAMES} | wanted
    file = tmp_path / "machine.toml"
    file.write_text(calibrate.text(machine, {}, ""))
    real = calibrate.run("simulation", file)
    assert real.passed
    found, told = calibrate.calibrate(real.of, tmp_path, rounds=2)
    assert told == set(NAMES)
    for name, value in wanted.items():
        assert found[name] == pytest.approx(value, rel=0.05), name
    written = calibrate.text(found, real.of, "a machine", told)
    (tmp_path / "found.toml").write_text(written)
    assert set(own_values({"MQLAB_COSTS": str(tmp_path / "found.toml")})) == set(NAMES)
    assert written.startswith("# a machine\n")


@pytest.mark.parametrize("nothing", [0.0, -0.001])
def test_a_calibration_gives_no_value_for_what_it_did_not_find(nothing: float, tmp_path: Path) -> None:
    real = {**dict.fromkeys(NAMES, 0.1), "stop": nothing, "store-sync": nothing}

    def simulate(costs: Path) -> Mapping[str, float]:
        """Take as long whatever the costs, but for a login."""
        text = own_values({"MQLAB_COSTS": str(costs)})["tls"]
        return {**dict.fromkeys(NAMES, 0.05), "tls": parse_duration(text).total_seconds()}

    found, told = calibrate.calibrate(real, tmp_path, simulate=simulate)
    assert told == {"begin", "boot", "recover", "link", "first", "tls"}
    assert found["tls"] == pytest.approx(0.1)
    file = tmp_path / "found.toml"
    file.write_text(calibrate.text(found, real, "a machine", told))
    assert set(own_values({"MQLAB_COSTS": str(file)})) == told
    for name in ("stop", "store-sync"):
        assert f"# {name}: the machine was too busy to tell" in file.read_text()
    for name in ("handling", "message"):
        assert f"# {name}: simulated runs take as long whatever it is" in file.read_text()
