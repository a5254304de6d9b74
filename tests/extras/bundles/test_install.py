"""A bundle is checked whole before anything is written; a spoilt bundle, or another machine's, is refused by name."""

from __future__ import annotations

import ast
import hashlib
import inspect
import resource
import stat
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from lab.extras.bundles import install
from lab.extras.bundles.install import Refused, check_space, machine, opened
from lab.extras.bundles.platforms import Target
from lab.extras.bundles.saving import save
from tests.command import Commands
from tests.extras.bundles.bundles import HERE, PLATFORM, PYTHON, made, small


def test_it_imports_the_standard_library_alone() -> None:
    tree = ast.parse(inspect.getsource(install))
    named = {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    named |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.partition(".")[0] for name in named} <= sys.stdlib_module_names


def test_a_whole_bundle_is_unpacked_with_pages_scenarios_and_its_own_installer(tmp_path: Path) -> None:
    file = small(tmp_path)
    folder = tmp_path / "日本 語" / "a b"
    with opened(file) as bundle:
        bundle.check_machine(machine())
        bundle.unpack(folder)
    for name in ("install.py", "site/index.html", "docs/README.md", "scenarios/tokyo-singapore.yaml", "manifest.json"):
        assert (folder / name).is_file()
    with opened(folder) as unpacked:
        assert unpacked.manifest == bundle.manifest


def test_images_are_a_file_of_the_bundle_with_their_releases(tmp_path: Path) -> None:
    (tmp_path / "tar").write_bytes(b"images")
    save(tmp_path / "b.zip", HERE, [], tmp_path / "tar", ["5.18.3"])
    with opened(tmp_path / "b.zip") as bundle:
        assert bundle.manifest.activemq == ("5.18.3",)
        assert bundle.manifest.members["images.tar"].sha256 == hashlib.sha256(b"images").hexdigest()


def test_images_that_no_engine_takes_leave_an_unpacked_bundle_that_can_be_installed(tmp_path: Path) -> None:
    (tmp_path / "tar").write_bytes(b"images")
    save(tmp_path / "b.zip", HERE, [], tmp_path / "tar", [])
    ended = Commands(folder=tmp_path).inside("bundle", "load", "b.zip", "c", DOCKER_HOST="unix:///nowhere/docker.sock")
    assert (ended.code, "the bundle is unpacked, and python c/install.py installs mqlab" in ended.err) == (3, True)


def test_the_same_files_make_the_same_bundle(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    assert small(tmp_path / "a").read_bytes() == small(tmp_path / "b").read_bytes()


def refused(file: Path, sha256: str | None = None) -> str:
    """Return why a bundle is refused; nothing was written."""
    folder = file.parent / "unpacked"
    with pytest.raises(Refused) as caught, opened(file, sha256) as bundle:
        bundle.unpack(folder)
    assert not folder.exists()
    return caught.value.problem


def cut_short(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-100])


def changed(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[content.index(b"no page") + 3] ^= 1
    file.write_bytes(content)


def empty(file: Path) -> None:
    file.write_bytes(b"")


@pytest.mark.parametrize("spoil", [cut_short, changed, empty])
def test_a_file_that_was_cut_short_or_changed_is_refused(spoil: Callable[[Path], None], tmp_path: Path) -> None:
    file = small(tmp_path)
    spoil(file)
    assert "it is not the file that was saved" in refused(file)
    file.with_name("small.zip.sha256").unlink()
    assert "is not a whole bundle" in (why := refused(file)) or "cannot be read" in why


def test_a_digest_from_elsewhere_decides(tmp_path: Path) -> None:
    file = small(tmp_path)
    assert "it is not the file that was saved" in refused(file, "0" * 64)
    file.with_name("small.zip.sha256").write_text("")
    assert "it is not the file that was saved" in refused(file)
    file.with_name("small.zip.sha256").unlink()
    assert "it is not the file that was saved" in refused(file, ""), "as of a variable that is not set"
    folder = tmp_path / "folder"
    folder.mkdir()
    assert "a folder has no SHA-256" in refused(folder, "0" * 64)


@pytest.mark.parametrize(
    "name",
    ["../a", "/a", "a/../../b", "C:/a", "a\\b", "", ".", "a//b", ".bashrc", "a.", "con", "docs/nul.md", "a\x00b", "語"],
)
def test_a_name_that_may_lead_out_of_the_folder_is_refused(name: str, tmp_path: Path) -> None:
    rows = {name: {"size": 1, "sha256": "0" * 64}}
    assert f"the name {name!r} is not allowed" in refused(made(tmp_path / "b.zip", {"a": b"1"}, rows))


@pytest.mark.parametrize(
    ("rows", "fields", "said"),
    [
        ({"a": {"size": 2, "sha256": "0" * 64}}, {}, "a is not the file that was saved"),
        ({"a": {"size": 0, "sha256": "0" * 64}}, {}, "a is not the file that was saved"),
        ({"a": {"size": -1, "sha256": "0" * 64}}, {}, "a has no size, or no SHA-256"),
        ({"a": {"size": float("inf"), "sha256": "0" * 64}}, {}, "manifest.json cannot be read"),
        ({"a": {"size": 1, "sha256": "0"}}, {}, "a has no size, or no SHA-256"),
        ({"a": {"size": 2**40, "sha256": "0" * 64}}, {}, "too many files or bytes"),
        ({f"f{number}": {"size": 1, "sha256": "0" * 64} for number in range(6000)}, {}, "too many files or bytes"),
        ({"A": {"size": 1, "sha256": "0" * 64}}, {}, "two names differ only in upper and lower case"),
        ({"b": {"size": 1, "sha256": "0" * 64}}, {}, "b is not there"),
        ({"a": 7}, {}, "manifest.json cannot be read"),
        ({}, {"members": 7}, "manifest.json cannot be read"),
        ({}, {"format": 2}, "the format is 2, not 1"),
        ({"b/c": {"size": 1, "sha256": "0" * 64}}, {}, "b/c is not there"),
    ],
)
def test_a_manifest_that_does_not_fit_is_refused(
    rows: dict[str, object], fields: dict[str, object], said: str, tmp_path: Path
) -> None:
    assert said in refused(made(tmp_path / "b.zip", {"a": b"1"}, rows, **fields))


def test_members_beside_the_manifest_links_and_second_members_are_refused(tmp_path: Path) -> None:
    file = made(tmp_path / "b.zip", {"a": b"1"})
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr("wheels/more.whl", b"1")
    assert "'wheels/more.whl' is not in its manifest.json" in refused(file)
    file = made(tmp_path / "b.zip", {"a": b"1"})
    with zipfile.ZipFile(file, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("a", b"2")
    assert "two files with one name" in refused(file)
    file = made(tmp_path / "b.zip", {"b": b"1"}, {"a": {"size": 5, "sha256": "0" * 64}})
    with zipfile.ZipFile(file, "a", zipfile.ZIP_BZIP2) as archive:
        archive.writestr("a", b"12345")
    assert "'a' is not a plain file" in refused(file)
    file = made(tmp_path / "b.zip", {"b": b"1"}, {"a": {"size": 5, "sha256": "0" * 64}})
    with zipfile.ZipFile(file, "a") as archive:
        link = zipfile.ZipInfo("a")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/root")
    assert "'a' is not a plain file" in refused(file)
    (tmp_path / "z.zip").write_bytes(b"no bundle")
    assert "is not a whole bundle" in refused(tmp_path / "z.zip")
    with zipfile.ZipFile(tmp_path / "z.zip", "w") as archive:
        archive.writestr("a", b"1")
    assert "manifest.json is not there" in refused(tmp_path / "z.zip")
    assert "cannot be read" in refused(tmp_path / "none.zip")


def test_an_unpacked_bundle_whose_file_became_a_link_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "unpacked"
    with opened(small(tmp_path)) as bundle:
        bundle.unpack(folder)
    (folder / "install.py").rename(tmp_path / "install.py")
    (folder / "install.py").symlink_to(tmp_path / "install.py")
    with pytest.raises(Refused, match="is not a plain file"), opened(folder):
        pass


@pytest.mark.parametrize(("platform", "python"), [("windows-x86_64", PYTHON), (PLATFORM, "3.99")])
def test_a_bundle_for_another_machine_is_refused_with_the_command_for_this_one(
    platform: str, python: str, tmp_path: Path
) -> None:
    with opened(small(tmp_path, Target(platform=platform, python=python))) as bundle, pytest.raises(Refused) as caught:
        bundle.check_machine(machine())
    assert f"it is for Python {python} on {platform}, and this is Python {PYTHON} on {PLATFORM}" in str(caught.value)
    assert f"mqlab bundle save FILE --platform {PLATFORM} --python {PYTHON}" in caught.value.remedy


def test_a_folder_with_files_is_not_written_to(tmp_path: Path) -> None:
    file = small(tmp_path)
    with opened(file) as bundle, pytest.raises(Refused, match="not an empty folder"):
        bundle.unpack(tmp_path)


def test_a_disk_that_is_too_small_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="MB are needed, and the disk has"):
        check_space(tmp_path / "new" / "folder", 2**62)
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_fills_up_leaves_nothing(tmp_path: Path) -> None:
    file, folder = small(tmp_path), tmp_path / "unpacked"
    program = (
        "import sys; from lab.extras.bundles.install import *\n"
        "with opened(Path(sys.argv[1])) as bundle: bundle.unpack(Path(sys.argv[2]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(file), str(folder)],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert "cannot be written: File too large" in done.stderr
    assert not folder.exists()


def test_the_command_refuses_a_bundle_as_it_refuses_other_input(tmp_path: Path) -> None:
    mqlab, file = Commands(folder=tmp_path), small(tmp_path)
    file.write_bytes(file.read_bytes()[:-1])
    ended = mqlab.inside("bundle", "load", "small.zip", "folder")
    assert (ended.code, "small.zip: it is not the file that was saved\n  copy the file again" in ended.err) == (2, True)
    file.with_name("small.zip.sha256").unlink()
    ended = mqlab.inside("bundle", "load", "small.zip", "folder")
    assert (ended.code, "its SHA-256 is not known\n  write --sha256 HEX" in ended.err) == (2, True)
    assert not (tmp_path / "folder").exists()


def test_the_command_unpacks_a_bundle(tmp_path: Path) -> None:
    small(tmp_path)
    ended = Commands(folder=tmp_path).inside("bundle", "load", "small.zip", "日本 語")
    assert (ended.code, "to install mqlab: python 日本 語/install.py" in ended.out) == (0, True)
