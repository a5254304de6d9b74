"""An archive without a digest of ours: checked by the SHA-1 that is published, then held to its SHA-512."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.emulation.images.downloads import Artifact, fetch
from lab.emulation.images.locked import LOCK, lock, locked, why_unserved
from lab.errors import HostError, InputError
from tests.emulation.images.repository import Repository, serving

CONTENT = b"the newest archive"
ARCHIVE = Artifact(
    group="org.apache.activemq",
    name="apache-activemq",
    version="5.19.10",
    classifier="bin",
    packaging="tar.gz",
    sha512="",
)


@pytest.fixture
def repository() -> Iterator[Repository]:
    with serving() as its:
        its.put(ARCHIVE, CONTENT)
        yield its


def test_its_sha512_is_kept_and_a_later_download_must_have_it(repository: Repository, tmp_path: Path) -> None:
    its = lock(ARCHIVE, tmp_path, lambda _: None, repository.download())
    assert its.sha512 == hashlib.sha512(CONTENT).hexdigest()
    assert locked(tmp_path) == {"5.19.10": its.sha512}
    assert lock(ARCHIVE, tmp_path, lambda _: None, repository.download()) == its
    assert repository.asked_for(ARCHIVE) == 1
    assert not any(path.endswith(".sha512") for path in repository.asked)

    next(tmp_path.rglob("*.tar.gz")).unlink()
    repository.put(ARCHIVE, b"another one, with its own SHA-1 beside it")
    again = lock(ARCHIVE, tmp_path, lambda _: None, repository.download())
    with pytest.raises(HostError, match="does not match its checksum"):
        fetch(again, tmp_path, lambda _: None, repository.download())


def test_one_that_is_not_as_published_is_refused_and_not_kept(repository: Repository, tmp_path: Path) -> None:
    repository.put(ARCHIVE, CONTENT, sha1="a" * 40)
    for refusing in (lock, why_unserved):
        with pytest.raises(HostError, match=r"apache-activemq-5\.19\.10-bin\.tar\.gz does not match its") as caught:
            refusing(ARCHIVE, tmp_path, lambda _: None, repository.download())
        assert f"published SHA-1 {'a' * 40}" in caught.value.remedy
        assert hashlib.sha1(CONTENT).hexdigest() in caught.value.remedy
    assert locked(tmp_path) == {}
    assert not list(tmp_path.rglob("*.tar.gz"))


def test_one_that_was_cut_off_is_fetched_again(repository: Repository, tmp_path: Path) -> None:
    lock(ARCHIVE, tmp_path, lambda _: None, repository.download())
    next(tmp_path.rglob("*.tar.gz")).write_bytes(b"the ne")
    (tmp_path / LOCK).unlink()
    assert lock(ARCHIVE, tmp_path, lambda _: None, repository.download()).sha512 == hashlib.sha512(CONTENT).hexdigest()


@pytest.mark.parametrize("published", [b"", b"<html>not found</html>", b"abc123", b"\xff\xfe"])
def test_a_published_digest_that_is_none_is_refused(published: bytes, repository: Repository, tmp_path: Path) -> None:
    path = next(path for path in repository.files if path.endswith(".sha1"))
    repository.files[path] = published or b"\n"
    with pytest.raises(HostError, match="has no SHA-1"):
        lock(ARCHIVE, tmp_path, lambda _: None, repository.download())


def test_what_no_repository_serves_is_not_there(repository: Repository, tmp_path: Path) -> None:
    repository.files.clear()
    assert "no repository serves" in why_unserved(ARCHIVE, tmp_path, lambda _: None, repository.download())
    with pytest.raises(InputError, match="no repository serves"):
        lock(ARCHIVE, tmp_path, lambda _: None, repository.download())


def test_without_its_sha1_it_is_not_there(repository: Repository, tmp_path: Path) -> None:
    repository.files = {path: its for path, its in repository.files.items() if not path.endswith(".sha1")}
    assert "no repository serves" in why_unserved(ARCHIVE, tmp_path, lambda _: None, repository.download())


def test_a_repository_that_cannot_be_reached_is_named(tmp_path: Path) -> None:
    def cut(*_: object) -> Path:
        raise HostError("cannot fetch it: no route to host")

    assert why_unserved(ARCHIVE, tmp_path, lambda _: None, cut) == "cannot fetch it: no route to host"


@pytest.mark.parametrize("written", ["", "[]", '{"5.19.10": "abc"}', '{"5.19.10": 1}', "\x00"])
def test_a_lock_that_was_edited_is_refused_by_name(written: str, tmp_path: Path) -> None:
    (tmp_path / LOCK).write_text(written)
    with pytest.raises(HostError, match=r"archives\.lock cannot be read") as caught:
        locked(tmp_path)
    assert "remove it" in caught.value.remedy
