"""Nothing downloaded is used unchecked; a damaged file is fetched once more, then refused."""

import hashlib
from pathlib import Path

import pytest

from lab.activemq.releases import RELEASES
from lab.base.shipped import shipped
from lab.emulation.images.downloads import Artifact, cache_folder, fetch, read_archives
from lab.errors import HostError

GOOD = b"the real archive"
ARTIFACT = Artifact(
    group="g",
    name="thing",
    version="1.0",
    classifier="bin",
    packaging="tar.gz",
    sha512=hashlib.sha512(GOOD).hexdigest(),
)


class Repository:
    """Serves some contents in turn, as jgo does: what is in the cache is given without asking."""

    def __init__(self, *contents: bytes) -> None:
        self.contents = list(contents)
        self.asked = 0

    def __call__(self, artifact: Artifact, folder: Path) -> Path:
        path = folder / str(artifact)
        if not path.exists():
            self.asked += 1
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(self.contents.pop(0))
        return path


def test_a_good_file_is_fetched_once(tmp_path: Path) -> None:
    repository = Repository(GOOD)
    for _ in range(2):
        assert fetch(ARTIFACT, tmp_path, lambda _: None, repository).read_bytes() == GOOD
    assert repository.asked == 1


def test_a_damaged_file_in_the_cache_is_fetched_again(tmp_path: Path) -> None:
    damaged = tmp_path / "maven" / "thing-1.0-bin.tar.gz"
    damaged.parent.mkdir()
    damaged.write_bytes(GOOD[:5])
    said: list[str] = []
    assert fetch(ARTIFACT, tmp_path, said.append, Repository(GOOD)).read_bytes() == GOOD
    assert said == ["thing-1.0-bin.tar.gz in the cache is damaged, fetching it again"]


def test_a_wrong_file_is_refused_with_both_digests(tmp_path: Path) -> None:
    repository = Repository(b"evil", b"evil")
    with pytest.raises(HostError, match="does not match its checksum") as caught:
        fetch(ARTIFACT, tmp_path, lambda _: None, repository)
    assert repository.asked == 2
    assert ARTIFACT.sha512 in caught.value.remedy
    assert hashlib.sha512(b"evil").hexdigest() in caught.value.remedy
    assert not list(tmp_path.rglob("*.tar.gz")), "a wrong file must not stay in the cache"


def test_the_shipped_digests_are_whole() -> None:
    archives = read_archives((shipped("docker") / "broker" / "archives.toml").read_text("utf-8"))
    assert set(archives.activemq) == {*RELEASES.values()} - {"5.19.1"} == {"5.17.6", "5.18.3"}
    for digest in (*archives.activemq.values(), archives.jolokia.sha512):
        assert len(bytes.fromhex(digest)) == 64
    assert str(archives.distribution("5.18.3")) == "apache-activemq-5.18.3-bin.tar.gz"
    assert archives.distribution("9.9.9").sha512 == ""


@pytest.mark.parametrize(
    ("environment", "folder"),
    [
        ({"MQLAB_CACHE": "/a", "XDG_CACHE_HOME": "/b", "HOME": "/c"}, "/a"),
        ({"XDG_CACHE_HOME": "/b", "HOME": "/c"}, "/b/mqlab"),
        ({"XDG_CACHE_HOME": "", "HOME": "/c"}, "/c/.cache/mqlab"),
    ],
)
def test_the_cache_is_where_the_user_wants_it(environment: dict[str, str], folder: str) -> None:
    assert cache_folder(environment) == Path(folder)


def test_without_a_home_folder_the_variable_is_named() -> None:
    with pytest.raises(HostError, match="there is no folder for downloads") as caught:
        cache_folder({"HOME": ""})
    assert "MQLAB_CACHE" in caught.value.remedy
    with pytest.raises(HostError, match="MQLAB_CACHE is ~no-such-user/a, and that user has no home folder"):
        cache_folder({"MQLAB_CACHE": "~no-such-user/a"})
    assert cache_folder({"HOME": "", "MQLAB_CACHE": "/a"}) == Path("/a")
