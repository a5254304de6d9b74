"""What a command line and a file say of the userland proxy, as the engine itself would read them."""

from __future__ import annotations

import pytest

from lab.emulation.engine.doctor import forwarding
from lab.emulation.engine.userland_proxy import decide, is_on, value_of

FILE = "/etc/docker/daemon.json"


@pytest.mark.parametrize(
    ("arguments", "text", "on", "where"),
    [
        (["dockerd"], None, True, "default"),
        (["dockerd"], '{"userland-proxy": false}', False, FILE),
        (["dockerd"], '{"userland-proxy": true}', True, FILE),
        (["dockerd"], '{"debug": true}', True, "default"),
        (["dockerd"], "no JSON {", True, "default"),
        (["dockerd", "--userland-proxy=false"], None, False, "command line"),
        (["dockerd", "--userland-proxy=False"], None, False, "command line"),
        (["dockerd", "--userland-proxy"], '{"userland-proxy": false}', True, "command line"),
        (["dockerd", "--userland-proxy-path=/bin/false"], None, True, "default"),
    ],
)
def test_on_unless_told_otherwise(arguments: list[str], text: str | None, on: bool, where: str) -> None:
    found, said = decide(arguments, None if text is None else (FILE, text))
    assert found is on and where in said


def test_the_last_word_counts() -> None:
    assert value_of("--a", ["--a=1", "--ab=2", "--a=3"]) == "3"
    assert value_of("--a", ["--ab=2"]) is None


def test_an_engine_elsewhere_is_not_looked_at() -> None:
    assert is_on({"DOCKER_HOST": "tcp://192.0.2.1:2376"}) is None


@pytest.mark.parametrize(
    ("on", "version", "ok"), [(True, "29.7.2", True), (False, "29.7.2", False), (False, "20.10.24+dfsg1", None)]
)
def test_the_doctor_says_what_it_means_for_a_lab(on: bool, version: str, ok: bool | None) -> None:
    found = forwarding(on, "by default", version)
    assert found.ok is ok and "by default" in found.found and found.remedy
