"""The command contract, as far as it goes without an engine."""

from __future__ import annotations

from pathlib import Path

from tests.command import Commands

NO_ENGINE = {"DOCKER_HOST": "unix:///nowhere/docker.sock"}
REFUSED = Path(__file__).parents[1] / "integration" / "scenarios" / "elsewhere.yaml"


def test_without_an_engine_it_says_so_and_keeps_nothing(tmp_path: Path) -> None:
    ended = Commands(folder=tmp_path)("contract", "tokyo-singapore", "--times", "1", **NO_ENGINE)
    assert ended.code == 3
    assert "no Docker engine answers" in ended.err
    assert not (tmp_path / "home" / "contract").exists()


def test_what_has_no_model_is_refused_before_an_engine_is_asked(tmp_path: Path) -> None:
    ended = Commands(folder=tmp_path)("contract", REFUSED, **NO_ENGINE)
    assert ended.code == 2
    assert "the simulation has no" in ended.err


def test_it_takes_at_least_one_run(tmp_path: Path) -> None:
    assert Commands(folder=tmp_path)("contract", "tokyo-singapore", "--times", "0").code == 2
