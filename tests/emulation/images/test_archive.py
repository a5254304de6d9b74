"""An archive from disk is trusted with nothing: what points outside, is no file, or is too large is refused."""

import os
import tarfile
from io import BytesIO
from pathlib import Path
from random import Random

import pytest

from lab.emulation.images import archive as image_archive
from lab.emulation.images.build import ContextFile, write_context
from lab.errors import InputError

TOP = "apache-activemq-5.99.1"


def file(name: str, content: bytes = b"x") -> tuple[tarfile.TarInfo, bytes]:
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    return entry, content


def special(name: str, kind: bytes, target: str = "") -> tuple[tarfile.TarInfo, bytes]:
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname = kind, target
    return entry, b""


def archive(folder: Path, *entries: tuple[tarfile.TarInfo, bytes]) -> Path:
    path = folder / "some.tar.gz"
    with tarfile.open(path, "w:gz") as tar:
        for entry, content in entries:
            tar.addfile(entry, BytesIO(content))
    return path


def test_what_a_broker_needs_is_taken_and_nothing_else(tmp_path: Path) -> None:
    needed = ["LICENSE", "lib/a.jar", "lib/optional/b.jar", "lib/web/c.jar", "lib/extra/d.jar", "webapps/admin/js/x.js"]
    other = [
        "lib/camel/camel.jar",
        "lib/readme.txt",
        "webapps/api/WEB-INF/web.xml",
        "examples/x.jar",
        "bin/activemq",
        "conf/activemq.xml",
    ]
    made = archive(tmp_path, *(file(f"{TOP}/{name}", name.encode()) for name in [*needed, *other]))
    assert [(path, content.read()) for path, _, content in image_archive.members(made)] == [
        (n, n.encode()) for n in needed
    ]
    assert image_archive.version_of(made) == "5.99.1"


def test_a_link_inside_is_harmless_and_left_out(tmp_path: Path) -> None:
    made = archive(tmp_path, special(f"{TOP}/lib/a.jar", tarfile.SYMTYPE, "../b.jar"), file(f"{TOP}/lib/c.jar"))
    assert [path for path, _, _ in image_archive.members(made)] == ["lib/c.jar"]


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        (file("/etc/passwd"), "points outside"),
        (file(f"{TOP}/../../etc/passwd"), "points outside"),
        (file("elsewhere/lib/a.jar"), f"lies outside {TOP}/"),
        (special(f"{TOP}/lib/a.jar", tarfile.SYMTYPE, "/etc/shadow"), "is a link to /etc/shadow"),
        (special(f"{TOP}/lib/a.jar", tarfile.SYMTYPE, "../../../etc/shadow"), "outside the archive"),
        (special(f"{TOP}/lib/a.jar", tarfile.LNKTYPE, "../etc/shadow"), "outside the archive"),
        (special(f"{TOP}/lib/a.jar", tarfile.CHRTYPE), "is a device"),
        (special(f"{TOP}/lib/a.jar", tarfile.FIFOTYPE), "a pipe"),
    ],
)
def test_a_hostile_member_is_refused(entry: tuple[tarfile.TarInfo, bytes], why: str, tmp_path: Path) -> None:
    made = archive(tmp_path, file(f"{TOP}/LICENSE"), entry)
    with pytest.raises(InputError, match=why) as caught:
        list(image_archive.members(made))
    assert caught.value.exit_code == 2


def test_an_absurd_size_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "bomb.tar.gz"
    import gzip

    entry = tarfile.TarInfo(f"{TOP}/lib/bomb.jar")
    entry.size = 2**40
    with gzip.open(path, "wb") as raw:
        raw.write(entry.tobuf())
    with pytest.raises(InputError, match="too much to be ActiveMQ"):
        list(image_archive.members(path))


@pytest.mark.parametrize("content", [b"", b"not a tar", b"\x1f\x8b\x08\x00broken"])
def test_what_is_no_archive_is_said_so(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "x.tar.gz"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"cannot be read|not an ActiveMQ"):
        image_archive.version_of(path)


def test_a_cut_off_archive_is_refused(tmp_path: Path) -> None:
    made = archive(tmp_path, file(f"{TOP}/lib/a.jar", bytes(range(256)) * 500), file(f"{TOP}/lib/b.jar"))
    made.write_bytes(made.read_bytes()[:-60])
    with pytest.raises(InputError, match="incomplete"):
        for _, _, content in image_archive.members(made):
            content.read()


@pytest.mark.parametrize("kept", [0.4, 0.6, 0.8])
def test_an_archive_that_ends_amid_a_file_is_refused_wherever_it_is_read(kept: float, tmp_path: Path) -> None:
    """The build reads the content: what it meets there is told as anywhere."""
    dice = Random(1)
    made = archive(tmp_path, *(file(f"{TOP}/lib/{name}.jar", dice.randbytes(200_000)) for name in "abc"))
    made.write_bytes(made.read_bytes()[: int(made.stat().st_size * kept)])
    files = (ContextFile(path=path, size=size, content=its) for path, size, its in image_archive.members(made))
    with pytest.raises(InputError, match="incomplete"):
        write_context(BytesIO(), files)


def test_a_pipe_is_no_archive(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.tar.gz")
    with pytest.raises(InputError, match="is a device or a pipe"):
        image_archive.version_of(tmp_path / "pipe.tar.gz")


def test_another_projects_archive_and_a_missing_one(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not an ActiveMQ binary archive"):
        image_archive.version_of(archive(tmp_path, file("artemis-2.0/LICENSE")))
    with pytest.raises(InputError, match="is not there"):
        image_archive.version_of(tmp_path / "none.tar.gz")
