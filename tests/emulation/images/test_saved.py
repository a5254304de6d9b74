"""A file of images is loaded only if it is the one that was saved, with the images that are needed and no others."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from pathlib import Path
from typing import Any, cast

import pytest

import docker
from lab.emulation.images.names import Images
from lab.emulation.images.saved import digest_file, load
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


def file_of(tags: Any, path: Path, *, name: str = "manifest.json") -> Path:
    manifest = json.dumps(tags).encode()
    with tarfile.open(path, "w") as archive:
        member = tarfile.TarInfo(name)
        member.size = len(manifest)
        archive.addfile(member, io.BytesIO(manifest))
    digest_file(path).write_text(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n")
    return path


def of(engine: Engine) -> docker.DockerClient:
    return cast(docker.DockerClient, engine)


def test_what_was_saved_is_loaded(engine: Engine, tmp_path: Path) -> None:
    file = file_of([{"RepoTags": [name]} for name in NEEDED], tmp_path / "images.tar")
    load(of(engine), NAMES, file, None)
    load(of(engine), NAMES, file, hashlib.sha256(file.read_bytes()).hexdigest().upper())
    assert engine.loaded == [file.read_bytes()] * 2


def test_a_changed_file_is_refused(engine: Engine, tmp_path: Path) -> None:
    file = file_of([{"RepoTags": [name]} for name in NEEDED], tmp_path / "images.tar")
    with file.open("r+b") as opened:
        opened.seek(700)
        opened.write(b"!")
    with pytest.raises(InputError, match="is not the file that was saved"):
        load(of(engine), NAMES, file, None)
    assert not engine.loaded


@pytest.mark.parametrize(
    ("tags", "what"),
    [
        ([{"RepoTags": [*NEEDED, "python:3.12"]}], "holds other images than this mqlab needs: .*python:3.12"),
        ([{"RepoTags": NEEDED[:2]}], "holds other images"),
        ([{"RepoTags": None}], "holds other images than this mqlab needs: none"),
        ([{}], "is no file of images"),
        (7, "is no file of images"),
        ([["x"]], "is no file of images"),
    ],
)
def test_other_images_are_refused(engine: Engine, tmp_path: Path, tags: Any, what: str) -> None:
    with pytest.raises(InputError, match=what):
        load(of(engine), NAMES, file_of(tags, tmp_path / "images.tar"), None)
    assert not engine.loaded


def test_what_is_no_archive_or_has_no_digest_is_refused(engine: Engine, tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.write_bytes(b"no archive" * 100)
    with pytest.raises(InputError, match=r"plain\.sha256 is not there"):
        load(of(engine), NAMES, plain, None)
    with pytest.raises(InputError, match="is no file of images"):
        load(of(engine), NAMES, plain, hashlib.sha256(plain.read_bytes()).hexdigest())
    digest_file(plain).write_text("none")
    with pytest.raises(InputError, match="holds no SHA-256"):
        load(of(engine), NAMES, plain, None)
    with pytest.raises(InputError, match="is no file of images"):
        load(of(engine), NAMES, file_of([], tmp_path / "other.tar", name="other.json"), None)
    with pytest.raises(InputError, match="is not there"):
        load(of(engine), NAMES, tmp_path / "nothing", None)
    assert not engine.loaded
