"""A release that is a list of jars: each is fetched once and checked, and what fails is named."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.activemq.releases import mixture
from lab.base.shipped import shipped
from lab.emulation.images.downloads import Artifact
from lab.emulation.images.jars import Jars, fetch_all, listed, members, read_jars
from lab.emulation.images.names import Ingredients, plan_images
from lab.errors import HostError, InputError
from tests.emulation.images.repository import Repository, path_of, serving


def war() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name in (
            "index.jsp",
            "images/logo.png",
            "WEB-INF/web.xml",
            "WEB-INF/activemq.xml",
            "WEB-INF/lib/a-1.jar",
            "META-INF/maven/pom.xml",
        ):
            archive.writestr(name, name)
    return content.getvalue()


CONTENTS = {"activemq-broker": b"the broker", "spring-core": b"spring", "activemq-web-console": war()}
LIST = "# a release\n\n" + "".join(
    f"{folder} {coordinates} {hashlib.sha512(CONTENTS[coordinates.split(':')[1]]).hexdigest()}\n"
    for folder, coordinates in (
        ("lib", "org.apache.activemq:activemq-broker:5.19.1"),
        ("lib/optional", "org.springframework:spring-core:5.3.39"),
        ("webapps/admin", "org.apache.activemq:activemq-web-console:5.18.3:war"),
    )
)


@pytest.fixture
def repository() -> Iterator[Repository]:
    with serving() as its:
        for jar in jars().jars:
            its.put(jar.artifact, CONTENTS[jar.artifact.name])
        yield its


def jars() -> Jars:
    return read_jars(LIST, "5.19.1", "jars-5.19.1.txt")


def spring() -> Artifact:
    return jars().jars[1].artifact


def fetch(repository: Repository, cache: Path) -> None:
    fetch_all(jars(), cache, lambda _: None, repository.download())


def test_the_files_are_laid_out_as_the_archive_has_them(repository: Repository, tmp_path: Path) -> None:
    said: list[str] = []
    found = fetch_all(jars(), tmp_path, said.append, repository.download())
    assert sorted(said) == [f"fetching ActiveMQ 5.19.1: {count} of 3 files" for count in (1, 2, 3)]
    its = {path: (size, content.read()) for path, size, content in members(found)}
    assert its == {
        "lib/activemq-broker-5.19.1.jar": (10, b"the broker"),
        "lib/optional/spring-core-5.3.39.jar": (6, b"spring"),
        "webapps/admin/index.jsp": (9, b"index.jsp"),
        "webapps/admin/WEB-INF/web.xml": (15, b"WEB-INF/web.xml"),
        "webapps/admin/images/logo.png": (15, b"images/logo.png"),
        "webapps/images/logo.png": (15, b"images/logo.png"),
    }


def test_a_file_with_another_digest_is_refused_by_name(repository: Repository, tmp_path: Path) -> None:
    repository.put(spring(), b"evil")
    with pytest.raises(HostError, match=r"spring-core-5\.3\.39\.jar does not match its checksum") as caught:
        fetch(repository, tmp_path)
    assert spring().sha512 in caught.value.remedy
    assert repository.asked_for(spring()) == 2
    assert not list(tmp_path.rglob("spring-core*.jar")), "a wrong file must not stay in the cache"


def test_a_file_that_a_mirror_lacks_is_named_and_the_others_are_not_fetched_again(
    repository: Repository, tmp_path: Path
) -> None:
    del repository.files[path_of(spring())]
    with pytest.raises(InputError, match=r"no repository serves spring-core-5\.3\.39\.jar"):
        fetch(repository, tmp_path)
    repository.put(spring(), CONTENTS["spring-core"])
    fetch(repository, tmp_path)
    fetch(repository, tmp_path)
    others = [jar.artifact for jar in jars().jars if jar.artifact != spring()]
    assert [repository.asked_for(each) for each in others] == [1, 1]
    assert repository.asked_for(spring()) == 2


def test_a_download_that_was_cut_off_is_fetched_again(repository: Repository, tmp_path: Path) -> None:
    fetch(repository, tmp_path)
    (half,) = tmp_path.rglob("spring-core*.jar")
    half.write_bytes(b"spr")
    fetch(repository, tmp_path)
    assert half.read_bytes() == b"spring"


@pytest.mark.parametrize(
    "line",
    [
        "lib org.apache.activemq:activemq-broker:5.19.1",
        "lib org.apache.activemq:activemq-broker:5.19.1 abc",
        "lib activemq-broker " + "a" * 128,
        "lib a:b:1:exe " + "a" * 128,
        "lib a:b:1 " + "a" * 128 + " more",
    ],
)
def test_a_list_that_was_spoilt_is_refused_with_its_line(line: str) -> None:
    with pytest.raises(InputError, match=r"jars-5\.19\.1\.txt:2: expected a folder, coordinates and a SHA-512"):
        read_jars(f"# it\n{line}\n", "5.19.1", "jars-5.19.1.txt")


def test_the_image_of_a_mixture_says_so_in_its_name() -> None:
    its = listed(shipped("docker") / "broker", "5.19.1")
    assert its is not None
    assert len(its.jars) == len({jar.artifact for jar in its.jars}) == 99
    assert {jar.folder for jar in its.jars} == {"lib", "lib/optional", "lib/web", "lib/extra", "webapps/admin"}
    names = plan_images(
        Ingredients(
            base={},
            broker={},
            router={},
            activemq_version="5.19.1",
            activemq_sha512=its.sha512,
            others=tuple(its.others),
            jolokia_sha512="",
            architecture="amd64",
            layout=1,
        )
    )
    assert names.broker.startswith("mqlab/broker:5.19.1-with-5.18.3-amd64-")
    (words,) = its.others.values()
    assert set(words) == {"STOMP", "the launcher", "the web console"}
    assert mixture(names.broker) == "STOMP, the launcher and the web console are of 5.18.3"
    assert mixture("mqlab/broker:5.18.3-amd64-0123456789ab") == mixture(names.router) == ""


def test_a_release_without_a_list_has_none() -> None:
    assert listed(shipped("docker") / "broker", "5.18.3") is None
