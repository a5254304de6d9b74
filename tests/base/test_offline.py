"""Offline, nothing is downloaded: each download is refused by name, with the way without it."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import docker.errors
import pytest

from lab.base.offline import is_offline, refuse_offline
from lab.emulation.hosts.hosts import without_pulling
from lab.emulation.images import base as base_image
from lab.emulation.images.downloads import fetch
from lab.emulation.images.images import settled
from lab.emulation.images.locked import lock
from lab.errors import HostError, InputError
from lab.runtime.application.run_options import read
from tests.command import Commands
from tests.emulation.images.repository import serving
from tests.emulation.images.test_downloads import ARTIFACT, GOOD
from tests.emulation.images.test_locked import ARCHIVE, CONTENT

OFFLINE = {"MQLAB_OFFLINE": "yes"}


@pytest.mark.parametrize(
    ("text", "offline"), [("", False), ("no", False), ("0", False), ("yes", True), ("1", True), ("TRUE", True)]
)
def test_the_variable_is_yes_or_no(text: str, offline: bool) -> None:
    assert is_offline({"MQLAB_OFFLINE": text}) is offline


def test_another_text_is_refused() -> None:
    with pytest.raises(InputError, match="MQLAB_OFFLINE: 'maybe' is neither yes nor no"):
        is_offline({"MQLAB_OFFLINE": "maybe"})


def test_a_refusal_names_the_download_and_begins_its_remedy_with_the_way_without_it() -> None:
    refuse_offline({}, "thing.jar", "copy it")
    with pytest.raises(HostError, match=r"MQLAB_OFFLINE: the download of thing\.jar is refused") as caught:
        refuse_offline(OFFLINE, "thing.jar", "copy it")
    assert caught.value.remedy.splitlines()[0] == "copy it"


def test_a_file_of_the_cache_is_used_and_another_one_is_refused_by_name(tmp_path: Path) -> None:
    with serving() as repository:
        repository.put(ARTIFACT, GOOD)
        offline = repository.download(OFFLINE)
        with pytest.raises(HostError, match=r"the download of thing-1\.0-bin\.tar\.gz is refused") as caught:
            fetch(ARTIFACT, tmp_path, str, offline)
        assert repository.asked == []
        assert caught.value.remedy.startswith("load the images from another machine: mqlab images --load FILE")
        fetch(ARTIFACT, tmp_path, str, repository.download())
        assert fetch(ARTIFACT, tmp_path, str, offline).read_bytes() == GOOD
        assert repository.asked_for(ARTIFACT) == 1


def test_an_archive_without_a_lock_is_refused(tmp_path: Path) -> None:
    with serving() as repository:
        repository.put(ARCHIVE, CONTENT)
        with pytest.raises(HostError, match="MQLAB_OFFLINE: the download of apache-activemq"):
            lock(ARCHIVE, tmp_path, str, repository.download(OFFLINE))
        assert repository.asked == []


def test_a_newer_release_is_not_asked_for_and_the_warning_names_the_variable(tmp_path: Path) -> None:
    client: Any = SimpleNamespace(
        version=lambda: {"Arch": "amd64"}, api=SimpleNamespace(images=lambda **_: []), close=lambda: None
    )
    warnings: list[str] = []
    environment = {**OFFLINE, "MQLAB_CACHE": str(tmp_path)}
    assert settled(client, "5.19", environment=environment, say=str, warn=warnings.append) == "5.19.1"
    assert "MQLAB_OFFLINE: the download of apache-activemq" in warnings[0]


def test_the_base_image_is_neither_pulled_nor_bootstrapped(tmp_path: Path) -> None:
    client: Any = SimpleNamespace()
    files = {"packages.txt": b"java", "finish.sh": b""}
    with pytest.raises(HostError, match="the download of the base image mqlab/base:x-1 is refused"):
        base_image.make(client, "mqlab/base:x-1", files, tmp_path, OFFLINE, str)


def test_an_application_s_image_is_not_pulled() -> None:
    def missing(name: str) -> None:
        raise docker.errors.ImageNotFound(name)

    without: Any = SimpleNamespace(images=SimpleNamespace(get=missing))
    there: Any = SimpleNamespace(images=SimpleNamespace(get=str))
    words = read(["--rm", "busybox", "true"])
    assert without_pulling(without, words, {}) == words
    with pytest.raises(HostError, match="the download of image busybox is refused"):
        without_pulling(without, words, OFFLINE)
    assert without_pulling(there, words, OFFLINE) == (("--rm", "--pull=never"), ("busybox", "true"))


@pytest.mark.parametrize("words", [("--offline", "doctor", "--settings"), ("doctor", "--settings", "--offline")])
def test_the_option_sets_the_variable_before_and_after_a_command(words: tuple[str, ...], tmp_path: Path) -> None:
    ended = Commands(folder=tmp_path).inside(*words)
    assert "MQLAB_OFFLINE=yes\n" in ended.out
    assert "MQLAB_OFFLINE=no (default)\n" in Commands(folder=tmp_path).inside("doctor", "--settings").out
