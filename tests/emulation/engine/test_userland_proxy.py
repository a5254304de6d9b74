"""What a command line and a file say of the userland proxy, as the engine itself would read them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from lab.emulation.doctor import forwarding, unmeasured_forwarding
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


# Listens at a socket as an engine does, until its input is closed.
_LISTENS = """
import socket, sys
with socket.socket(socket.AF_UNIX) as its:
    its.bind(sys.argv[1]); its.listen(); print("ready", flush=True); sys.stdin.read()
"""


@contextmanager
def engine_at(path: Path, *flags: str) -> Iterator[dict[str, str]]:
    """A process with an engine's name that listens at a socket; the environment that points at it."""
    program = path.parent / "dockerd"
    if not program.exists():
        program.symlink_to(Path(sys.executable).resolve())
    words = [str(program), "-c", _LISTENS, str(path), *flags]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield {"DOCKER_HOST": f"unix://{path}"}


def test_of_several_engines_the_one_behind_the_socket_is_looked_at(tmp_path: Path) -> None:
    with (
        engine_at(tmp_path / "a.sock", "--userland-proxy=false") as first,
        engine_at(tmp_path / "b.sock", "--userland-proxy=true") as second,
    ):
        assert [is_on(first), is_on(second)] == [
            (False, "by the engine's command line"),
            (True, "by the engine's command line"),
        ]


def test_a_socket_that_no_engine_listens_at_tells_nothing(tmp_path: Path) -> None:
    with engine_at(tmp_path / "a.sock", "--userland-proxy=false"):
        assert is_on({"DOCKER_HOST": f"unix://{tmp_path}/b.sock"}) is None


@pytest.mark.parametrize(
    ("on", "version", "ok"),
    [(True, "27.5.1", True), (False, "27.5.1", None), (False, "20.10.24+dfsg1", True), (False, "29.8.1", True)],
)
def test_the_doctor_says_what_it_means_for_a_lab(on: bool, version: str, ok: bool | None) -> None:
    found = forwarding(on, "by default", version)
    assert found.ok is ok and "by default" in found.found and found.remedy


@pytest.mark.parametrize(
    ("proxy", "version", "warned"),
    [
        (None, "27.5.1", False),
        ((True, "by default"), "27.5.1", False),
        ((False, f"by {FILE}"), "20.10.24+dfsg1", False),
        ((False, f"by {FILE}"), "29.8.1", False),
        ((False, f"by {FILE}"), "27.5.1", True),
    ],
)
def test_an_opening_warns_of_what_was_never_measured(
    proxy: tuple[bool, str] | None, version: str, warned: bool
) -> None:
    warning = unmeasured_forwarding(proxy, lambda: version)
    assert (FILE in warning and version in warning) is warned and bool(warning) is warned


def test_of_a_user_without_a_home_folder_the_systems_file_alone_is_looked_for(tmp_path: Path) -> None:
    with engine_at(tmp_path / "a.sock") as environment:
        assert is_on({**environment, "HOME": ""}) is not None
