"""The wheels of a bundle are those that mqlab requires on the other machine, in the tested versions."""

from __future__ import annotations

import hashlib
import importlib
import zipfile
from pathlib import Path

import pytest

from lab.errors import HostError, InputError
from lab.extras.bundles.platforms import PLATFORMS, PYTHONS, Target, target
from lab.extras.bundles.wheels import check_hash, collect, requirements
from tests.command import Commands
from tests.extras.bundles.bundles import HERE
from tests.wheels import PYTHONS as TRIED
from tests.wheels import SYSTEMS


def wheel(folder: Path, name: str, *required: str) -> Path:
    """Make a wheel without modules."""
    path = folder / f"{name}-1.0-py3-none-any.whl"
    lines = "".join(f"Requires-Dist: {line}\n" for line in required)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(
            f"{name}-1.0.dist-info/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n{lines}"
        )
        archive.writestr(f"{name}-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
    return path


def test_pip_has_the_parser_of_requirements_that_is_used() -> None:
    parser = importlib.import_module("pip._vendor.packaging.requirements").Requirement
    assert parser("a[b]>=1; extra == 'c'").marker.evaluate({"extra": "c"})


def test_bundles_are_for_the_systems_whose_wheels_are_looked_for_at_a_release() -> None:
    assert (len(PLATFORMS), PYTHONS) == (len(SYSTEMS), TRIED)


def test_markers_are_those_of_the_other_machine(tmp_path: Path) -> None:
    own = wheel(
        tmp_path,
        "mine",
        "colorama; platform_system == 'Windows'",
        "tomli; python_version < '3.12'",
        "fast; platform_machine == 'aarch64'",
        "amqp; extra == 'amqp'",
        "shiny.Thing[extra]>=1",
    )

    def names(platform: str, python: str) -> set[str]:
        return {name for name, _ in requirements(own, frozenset(), Target(platform=platform, python=python))}

    assert names("linux-x86_64", "3.13") == {"shiny-thing"}
    assert names("windows-x86_64", "3.11") == {"shiny-thing", "colorama", "tomli"}
    assert names("linux-arm64", "3.12") == {"shiny-thing", "fast"}


@pytest.mark.release
def test_wheels_of_a_folder_are_followed_to_the_end_without_extras_of_mqlab(tmp_path: Path) -> None:
    source, folder = tmp_path / "source", tmp_path / "folder"
    source.mkdir()
    folder.mkdir()
    for name, *required in (("aa_x", "bb-x[more]"), ("bb_x", "cc-x; extra == 'more'"), ("cc_x",)):
        wheel(source, name, *required)
    own = wheel(folder, "mine", "aa-x", "amqp-x; extra == 'amqp'")
    found = collect(own, HERE, folder, {"MQLAB_OFFLINE": "yes"}, source=source)
    assert [path.name.partition("-")[0] for path in found] == ["aa_x", "bb_x", "cc_x", "mine"]
    wheel(folder, "mine", "ee-x")
    with pytest.raises(HostError, match="pip download ended with 1") as caught:
        collect(own, HERE, folder, {}, source=source)
    assert "ee-x" in caught.value.remedy


def test_a_wheel_with_another_hash_than_the_lock_s_is_refused(tmp_path: Path) -> None:
    its = wheel(tmp_path, "mine")
    check_hash(its, None)
    check_hash(its, frozenset([hashlib.sha256(its.read_bytes()).hexdigest()]))
    with pytest.raises(HostError, match="has none of the hashes in requirements"):
        check_hash(its, frozenset(["0" * 64]))


def test_another_platform_and_another_python_are_refused_by_name() -> None:
    with pytest.raises(InputError, match="--platform: there are no wheels for windows"):
        target("windows", None)
    with pytest.raises(InputError, match=r"--python: '3\.14' is not supported"):
        target("linux-x86_64", "3.14")


def test_offline_a_bundle_needs_a_folder_of_wheels(tmp_path: Path) -> None:
    ended = Commands(folder=tmp_path).inside(
        "bundle", "save", "b.zip", "--platform", "linux-x86_64", "--python", "3.11", "--offline"
    )
    assert ended.code == 3
    assert "the download of the wheels of a bundle is refused\n  name a folder that has them: --wheels DIR" in ended.err
    assert list(tmp_path.glob("b.zip*")) == []


def test_wrong_options_of_save_are_refused(tmp_path: Path) -> None:
    (tmp_path / "there.zip").write_text("mine")
    for words, said in (
        (("b.zip", "--wheels", "none"), "--wheels: none is not a folder"),
        (("b.zip", "--activemq-version", "5.18.3"), "--activemq-version is for images"),
        (("there.zip",), "there.zip is there"),
    ):
        ended = Commands(folder=tmp_path).inside("bundle", "save", *words, "--platform", "linux-x86_64")
        assert (ended.code, said in ended.err) == (2, True), ended.err
