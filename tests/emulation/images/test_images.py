"""An image's name follows from what goes into it; what is there is not built again; what fails says how."""

import hashlib
import tarfile
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import cast

import pytest

import docker
from lab.activemq.releases import NEWEST, RELEASES
from lab.base.shipped import shipped
from lab.emulation.images import images
from lab.emulation.images.base import bootstrap_command, first_that_works, run
from lab.emulation.images.build import from_bytes, write_context
from lab.emulation.images.downloads import Artifact, read_archives, sha512
from lab.emulation.images.locked import locked
from lab.emulation.images.names import Ingredients, digest, packages, plan_images, recipe, router_recipe
from lab.errors import HostError, InputError
from tests.emulation.images.repository import serving

MADE_OF = Ingredients(
    base={"packages.txt": b"java"},
    broker={"Dockerfile": b"FROM x"},
    router={"a.py": b"1"},
    activemq_version="5.18.3",
    activemq_sha512="aa",
    jolokia_sha512="bb",
    architecture="amd64",
    layout=1,
)


def quiet(_: str) -> None:
    """Say nothing."""


def unasked(artifact: Artifact, folder: Path) -> Path:
    """Fail: nothing needs a download."""
    raise AssertionError(artifact)


def test_names_are_short_and_stable() -> None:
    names = plan_images(MADE_OF)
    assert names == plan_images(replace(MADE_OF))
    assert names.base == "mqlab/base:amd64-" + digest({"packages.txt": b"java"}, "bookworm", "amd64")
    assert names.broker.startswith("mqlab/broker:5.18.3-amd64-")
    assert len(names.router.partition(":")[2]) == len("amd64-") + 12


@pytest.mark.parametrize(
    ("change", "renamed"),
    [
        ({"base": {"packages.txt": b"java python"}}, {"base", "broker", "router"}),
        ({"architecture": "arm64"}, {"base", "broker", "router"}),
        ({"broker": {"Dockerfile": b"FROM y"}}, {"broker"}),
        ({"broker": {"Dockerfile2": b"FROM x"}}, {"broker"}),
        ({"activemq_sha512": "ab"}, {"broker"}),
        ({"jolokia_sha512": "bc"}, {"broker"}),
        ({"layout": 2}, {"broker"}),
        ({"router": {"a.py": b"2"}}, {"router"}),
    ],
)
def test_a_change_renames_what_it_goes_into_and_no_more(change: dict[str, object], renamed: set[str]) -> None:
    before, after = plan_images(MADE_OF), plan_images(replace(MADE_OF, **change))  # type: ignore[arg-type]
    assert {part for part in ("base", "broker", "router") if getattr(before, part) != getattr(after, part)} == renamed


def test_where_a_file_ends_counts() -> None:
    assert digest({"a": b"bc"}) != digest({"ab": b"c"}) != digest({"a": b"b"}, "c")


def test_a_recipe_leaves_out_what_no_image_holds(tmp_path: Path) -> None:
    for name in ("Dockerfile", "README.md", "archives.toml", "jars-5.19.1.txt", "training/x.xml", "__pycache__/a.pyc"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(name.encode())
    assert set(recipe(tmp_path)) == {"Dockerfile", "training/x.xml"}


def test_the_router_is_made_of_its_programs_and_of_what_they_import(tmp_path: Path) -> None:
    for name in ("router/router.py", "link/direction.py", "link/__pycache__/direction.pyc"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    assert set(router_recipe(tmp_path / "router", tmp_path / "link")) == {"router.py", "lab/link/direction.py"}


def test_packages_skip_comments() -> None:
    assert packages(b"# why\njava  # 17\n\npython3\n") == ("java", "python3")
    assert "nftables" in packages((shipped("docker") / "base" / "packages.txt").read_bytes())


def test_the_context_is_the_same_for_the_same_files() -> None:
    first, second = BytesIO(), BytesIO()
    for out in (first, second):
        write_context(out, from_bytes({"b/train.sh": b"#!", "a.txt": b"x"}))
    assert first.getvalue() == second.getvalue()
    with tarfile.open(fileobj=BytesIO(first.getvalue())) as tar:
        assert [(entry.name, entry.mode) for entry in tar] == [("a.txt", 0o644), ("b/train.sh", 0o755)]


# --- where ActiveMQ comes from

LISTS = {"5.19.1": sha512(shipped("docker") / "broker" / "jars-5.19.1.txt")}
ARCHIVES = replace(
    read_archives('[activemq]\n"5.90.1" = "aa"\n"5.18.3" = "bb"\n[jars]\n[jolokia]\nversion = "1"\nsha512 = "bb"'),
    lists=LISTS,
)


def archive(folder: Path, version: str) -> Path:
    path = folder / f"apache-activemq-{version}-bin.tar.gz"
    with tarfile.open(path, "w:gz") as tar:
        tar.addfile(tarfile.TarInfo(f"apache-activemq-{version}/LICENSE"), BytesIO())
    return path


def test_without_a_wish_it_is_the_default(tmp_path: Path) -> None:
    chosen = images.choose(ARCHIVES, None, None, tmp_path, quiet, unasked)
    assert (chosen.artifact.version, chosen.artifact.sha512, chosen.file) == ("5.18.3", "bb", None)


def test_a_file_of_an_unknown_version_goes_by_its_own_digest(tmp_path: Path) -> None:
    file = archive(tmp_path, "5.99.0")
    chosen = images.choose(ARCHIVES, None, file, tmp_path, quiet, unasked)
    assert (chosen.artifact.version, chosen.file) == ("5.99.0", file)
    assert chosen.artifact.sha512 == hashlib.sha512(file.read_bytes()).hexdigest()


def test_a_file_of_a_known_version_must_have_its_digest(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"not the archive of ActiveMQ 5\.90\.1") as caught:
        images.choose(ARCHIVES, None, archive(tmp_path, "5.90.1"), tmp_path, quiet, unasked)
    assert "expected SHA-512 aa" in str(caught.value)


def test_a_file_of_another_version_than_asked_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"holds ActiveMQ 5\.99\.0, not 5\.90\.1"):
        images.choose(ARCHIVES, "5.90.1", archive(tmp_path, "5.99.0"), tmp_path, quiet, unasked)


def test_a_version_without_a_digest_is_locked_as_it_is_published(tmp_path: Path) -> None:
    its = ARCHIVES.distribution("5.99.0")
    with serving() as repository:
        repository.put(its, b"an archive")
        chosen = images.choose(ARCHIVES, "5.99.0", None, tmp_path, quiet, repository.download())
    assert (chosen.artifact.sha512, chosen.file, chosen.jars) == (hashlib.sha512(b"an archive").hexdigest(), None, None)
    with pytest.raises(InputError, match=r"is not the archive of ActiveMQ 5\.99\.0"):
        images.choose(ARCHIVES, None, archive(tmp_path, "5.99.0"), tmp_path, quiet, unasked)


def test_a_version_with_a_list_of_jars_is_made_of_them(tmp_path: Path) -> None:
    chosen = images.choose(ARCHIVES, "5.19.1", None, tmp_path, quiet, unasked, recipe=shipped("docker") / "broker")
    assert chosen.jars is not None
    assert (chosen.artifact.version, chosen.artifact.sha512) == ("5.19.1", chosen.jars.sha512)


def test_a_list_of_jars_that_was_changed_is_refused_though_each_line_can_be_read(tmp_path: Path) -> None:
    shipped_list = shipped("docker") / "broker" / "jars-5.19.1.txt"
    *lines, _ = shipped_list.read_text().splitlines(keepends=True)
    (tmp_path / shipped_list.name).write_text("".join(lines))
    with pytest.raises(InputError, match=r"jars-5\.19\.1\.txt was changed") as caught:
        images.choose(ARCHIVES, "5.19.1", None, tmp_path, quiet, unasked, recipe=tmp_path)
    assert "install mqlab again" in str(caught.value)


def test_the_newest_release_by_name_is_refused_with_the_engine_version_that_has_another_one(tmp_path: Path) -> None:
    with serving() as repository, pytest.raises(InputError, match="no repository serves") as caught:
        images.choose(ARCHIVES, NEWEST["5.19"], None, tmp_path, quiet, repository.download())
    assert "or use engine version 5.19" in str(caught.value)


def test_a_version_that_is_too_old_is_refused(tmp_path: Path) -> None:
    for version, file in (("5.16.7", None), (None, archive(tmp_path, "5.16.7"))):
        with pytest.raises(InputError, match=r"mqlab does not support ActiveMQ 5\.16\.7") as caught:
            images.choose(ARCHIVES, version, file, tmp_path, quiet, unasked)
        assert "5.17 or newer" in str(caught.value)


class Docker:
    """An engine that has some images."""

    def __init__(self) -> None:
        self.api, self.there = self, set[str]()

    def version(self) -> dict[str, str]:
        return {"Arch": "amd64"}

    def images(self, name: str, quiet: bool) -> list[str]:
        return ["it"] if name in self.there else []


def test_an_engine_version_is_of_its_newest_release_where_that_can_be_had(tmp_path: Path) -> None:
    engine, environment = Docker(), {"MQLAB_CACHE": str(tmp_path)}
    client, said = cast(docker.DockerClient, engine), list[str]()
    usual, newest = RELEASES["5.19"], NEWEST["5.19"]
    its = ARCHIVES.distribution(newest)

    def settled(engine_version: str = "5.19") -> str | None:
        return images.settled(
            client,
            engine_version,
            environment=environment,
            say=quiet,
            warn=said.append,
            download=repository.download(),
        )

    with serving() as repository:
        assert settled("5.18") == RELEASES["5.18"]
        assert repository.asked == []
        assert settled() == usual
        (warning,) = said
        assert f"run ActiveMQ {usual}, built from its jars, instead of {newest}: no repository serves" in warning
        assert f"mqlab images --activemq-version {newest}" in warning
        repository.put(its, b"the newest")
        made = images.wanted(client, version=usual, archive=None, environment=environment, say=quiet)
        engine.there.add(made.names.broker)
        repository.asked.clear()
        assert settled() == usual, "its image is there already"
        assert repository.asked == []
        engine.there.clear()
        assert settled() == newest
        assert locked(tmp_path) == {newest: hashlib.sha512(b"the newest").hexdigest()}
        engine.there.add(made.names.broker)
        assert settled() == newest, "its archive was fetched once"


def test_a_digest_is_computed_once_per_content(tmp_path: Path) -> None:
    file = tmp_path / "f"
    file.write_bytes(b"one")
    first = images.recorded_sha512(file, tmp_path / "cache")
    (tmp_path / "cache" / "digests.json").write_text(
        (tmp_path / "cache" / "digests.json").read_text().replace(first, "remembered")
    )
    assert images.recorded_sha512(file, tmp_path / "cache") == "remembered"
    file.write_bytes(b"three")
    assert images.recorded_sha512(file, tmp_path / "cache") == hashlib.sha512(b"three").hexdigest()


# --- the base


def barred() -> None:
    raise HostError("barred", "go round")


def test_the_first_way_that_works_is_gone() -> None:
    gone: list[str] = []
    ways = {"a": barred, "b": lambda: gone.append("b"), "c": lambda: gone.append("c")}
    said: list[str] = []
    assert first_that_works(ways, said.append) == "b"
    assert gone == ["b"]
    assert said[-1] == "base image: made by b"


def test_when_no_way_works_all_are_told() -> None:
    with pytest.raises(HostError, match="cannot be built") as caught:
        first_that_works({"a": barred, "b": barred}, quiet)
    assert caught.value.remedy.count("barred") == 2
    assert "go round" in caught.value.remedy


def test_packages_are_kept_between_bootstraps() -> None:
    command = bootstrap_command(("java",), Path("/f.sh"), Path("/debs"), Path("/base.tar"))
    assert "--setup-hook=sync-in /debs /var/cache/apt/archives" in command
    assert "--customize-hook=sync-out /var/cache/apt/archives /debs" in command
    assert command[-2:] == ("bookworm", "/base.tar")


def test_a_failing_command_shows_its_last_lines() -> None:
    with pytest.raises(HostError, match="sh failed with exit code 7") as caught:
        run(("sh", "-c", "echo first; echo E: no such package >&2; exit 7"), {}, quiet)
    assert "E: no such package" in caught.value.remedy


def test_a_command_that_is_not_there_is_a_host_error() -> None:
    with pytest.raises(HostError, match="cannot run"):
        run(("/nonexistent/mmdebstrap",), {}, quiet)


# --- what is shipped


def test_a_wheel_has_its_own_folder(tmp_path: Path) -> None:
    library = tmp_path / "docker"  # the docker library lies beside an installed lab
    library.mkdir()
    (library / "__init__.py").touch()
    with pytest.raises(HostError, match="has no folder 'docker'"):
        shipped("docker", tmp_path / "lab")
    own = tmp_path / "lab" / "_shipped" / "docker"
    own.mkdir(parents=True)
    assert shipped("docker", tmp_path / "lab") == own
