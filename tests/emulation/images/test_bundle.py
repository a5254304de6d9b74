"""A file of images is loaded only if it is the one that was saved, with the images that are needed and no others."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

import docker
from lab.emulation.images.bundle import digest_file, load
from lab.emulation.images.names import Images
from lab.errors import InputError

NAMES = Images(base="mqlab/base:a", broker="mqlab/broker:b", router="mqlab/router:c")
NEEDED = [NAMES.base, NAMES.broker, NAMES.router]


class Engine:
    """Takes what it is given."""

    def __init__(self) -> None:
        self.images = self
        self.loaded: list[bytes] = []

    def load(self, content: Any) -> None:
        self.loaded.append(content.read())


@pytest.fixture
def engine() -> Engine:
    return Engine()


def file_of(tags: Any, path: Path, *more: tuple[str, Any], name: str = "manifest.json") -> Path:
    """Write a file of images: its manifest, and more members by name; one that is no JSON is where a link leads."""
    with tarfile.open(path, "w") as archive:
        for each, content in ((name, tags), *more):
            member = tarfile.TarInfo(each)
            if isinstance(content, str):
                member.type, member.linkname = tarfile.SYMTYPE, content
            octets = b"" if member.issym() else json.dumps(content).encode()
            member.size = len(octets)
            archive.addfile(member, io.BytesIO(octets))
    digest_file(path).write_text(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n")
    return path


def of(engine: Engine) -> docker.DockerClient:
    return cast(docker.DockerClient, engine)


def test_what_was_saved_is_loaded(engine: Engine, tmp_path: Path) -> None:
    file = file_of([{"RepoTags": [name]} for name in NEEDED], tmp_path / "images.tar")
    load(of(engine), [NAMES], file, None)
    load(of(engine), [NAMES], file, hashlib.sha256(file.read_bytes()).hexdigest().upper())
    assert engine.loaded == [file.read_bytes()] * 2


def test_a_file_has_the_images_of_several_releases_and_each_but_once(engine: Engine, tmp_path: Path) -> None:
    newer = replace(NAMES, broker="mqlab/broker:newer")
    file = file_of([{"RepoTags": [name]} for name in (*NEEDED, newer.broker)], tmp_path / "images.tar")
    load(of(engine), [NAMES, newer], file, None)
    assert engine.loaded == [file.read_bytes()]
    with pytest.raises(InputError, match="has other images than this mqlab needs"):
        load(of(engine), [NAMES], file, None)


def test_a_changed_file_is_refused(engine: Engine, tmp_path: Path) -> None:
    file = file_of([{"RepoTags": [name]} for name in NEEDED], tmp_path / "images.tar")
    with file.open("r+b") as opened:
        opened.seek(700)
        opened.write(b"!")
    with pytest.raises(InputError, match="is not the file that was saved"):
        load(of(engine), [NAMES], file, None)
    assert not engine.loaded


@pytest.mark.parametrize(
    ("tags", "what"),
    [
        ([{"RepoTags": [*NEEDED, "python:3.12"]}], "has other images than this mqlab needs: .*python:3.12"),
        ([{"RepoTags": NEEDED[:2]}], "has other images"),
        ([{"RepoTags": None}], "has other images than this mqlab needs: none"),
        ([{}], "is not a file of images"),
        (7, "is not a file of images"),
        ([["x"]], "is not a file of images"),
    ],
)
def test_other_images_are_refused(engine: Engine, tmp_path: Path, tags: Any, what: str) -> None:
    with pytest.raises(InputError, match=what):
        load(of(engine), [NAMES], file_of(tags, tmp_path / "images.tar"), None)
    assert not engine.loaded


def test_what_is_no_archive_or_has_no_digest_is_refused(engine: Engine, tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.write_bytes(b"no archive" * 100)
    with pytest.raises(InputError, match=r"plain\.sha256 does not exist") as lacking:
        load(of(engine), [NAMES], plain, None)
    assert "--sha256 HEX" in lacking.value.problems[0].remedy
    with pytest.raises(InputError, match="is not a file of images"):
        load(of(engine), [NAMES], plain, hashlib.sha256(plain.read_bytes()).hexdigest())
    digest_file(plain).write_text("none")
    with pytest.raises(InputError, match="has no SHA-256"):
        load(of(engine), [NAMES], plain, None)
    with pytest.raises(InputError, match="is not a file of images"):
        load(of(engine), [NAMES], file_of([], tmp_path / "other.tar", name="other.json"), None)
    with pytest.raises(InputError, match="is not there"):
        load(of(engine), [NAMES], tmp_path / "nothing", None)
    assert not engine.loaded


OURS = [{"RepoTags": [name]} for name in NEEDED]
OTHERS = [{"RepoTags": ["python:3.12"]}]


def index(*names: dict[str, str] | None) -> dict[str, Any]:
    return {"schemaVersion": 2, "manifests": [{"digest": "sha256:0", "annotations": each} for each in names]}


def test_what_engines_write_beside_the_manifest_is_taken(engine: Engine, tmp_path: Path) -> None:
    """The index of newer ones, with whole names; the links of older ones to a layer that two images have."""
    by_index = [
        {"io.containerd.image.name": f"docker.io/{name}", "org.opencontainers.image.ref.name": name.partition(":")[2]}
        for name in NEEDED[:2]
    ]
    named = index(*by_index, {"org.opencontainers.image.ref.name": NEEDED[2]}, None)
    path = tmp_path / "images.tar"
    file = file_of(OURS, path, ("./index.json", named), ("d/layer.tar", {}), ("c/layer.tar", "../d/layer.tar"))
    load(of(engine), [NAMES], file, None)
    assert engine.loaded == [file.read_bytes()]


@pytest.mark.parametrize(
    ("more", "what"),
    [
        ([("./manifest.json", OTHERS)], "has manifest.json more than once"),
        ([("/manifest.json", OTHERS)], "has manifest.json more than once"),
        ([("//manifest.json", OTHERS)], "has manifest.json more than once"),
        ([("a/.././manifest.json", OTHERS)], "has manifest.json more than once"),
        ([("manifest.json", "a")], "has manifest.json more than once"),
        ([("a", "."), ("a/manifest.json", OTHERS)], "has a/manifest.json behind a link"),
        ([("a/b/manifest.json", OTHERS), ("a", ".")], "has a/b/manifest.json behind a link"),
        ([("index.json", index({"io.containerd.image.name": "docker.io/library/python:3.12"}))], "python:3.12"),
        ([("index.json", index({"org.opencontainers.image.ref.name": "python:3.12"}))], "python:3.12"),
        ([("index.json", index()), ("./index.json", index())], "has index.json more than once"),
        ([("index.json", "a"), ("a", index())], "is not a file of images"),
        ([("index.json", [])], "is not a file of images"),
        ([("index.json", {"manifests": [], "Manifests": index()["manifests"]})], "is not a file of images"),
        ([("index.json", [" " * 2**20])], "is not a file of images"),
        ([(f"{number}", {}) for number in range(10_000)], "has more than 10,000 members"),
    ],
    ids=lambda given: given if isinstance(given, str) else "",
)
def test_other_images_that_an_engine_might_find_are_refused(
    engine: Engine, tmp_path: Path, more: list[tuple[str, Any]], what: str
) -> None:
    with pytest.raises(InputError, match=what):
        load(of(engine), [NAMES], file_of(OURS, tmp_path / "images.tar", *more), None)
    assert not engine.loaded


def test_a_key_in_two_cases_is_refused(engine: Engine, tmp_path: Path) -> None:
    """Engines read keys in any case and take the last."""
    twice = [{"RepoTags": NEEDED, "repotag\u017f": ["python:3.12"]}]
    with pytest.raises(InputError, match="is not a file of images"):
        load(of(engine), [NAMES], file_of(twice, tmp_path / "images.tar"), None)
    assert not engine.loaded
