"""The three images of a lab: the names wanted, those on the engine, and one build of those missing.

A look takes a few milliseconds; archives are fetched and read only to build a broker image.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from docker.errors import DockerException

import docker
from lab import link
from lab.activemq import releases
from lab.dataclass import dataclass
from lab.emulation.checks import ENGINE, see
from lab.emulation.engine import labels
from lab.emulation.images import archive as image_archive
from lab.emulation.images import base as base_image
from lab.emulation.images.build import ContextFile, build, exists, from_bytes, from_file
from lab.emulation.images.downloads import (
    Archives,
    Artifact,
    Download,
    Say,
    cache_folder,
    fetch,
    published_sha512,
    read_archives,
    sha512,
)
from lab.emulation.images.names import Images, Ingredients, plan_images, recipe, router_recipe
from lab.errors import HostError, InputError
from lab.runtime.runtime import Image
from lab.shipped import shipped

__all__ = ["Images", "ensure", "listing", "wanted"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution:
    """The distribution of ActiveMQ to use: a version and its digest, and the file if the user named one."""

    artifact: Artifact
    file: Path | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The three images that this installation needs, and all that they are made of."""

    names: Images
    made_of: Ingredients
    distribution: Distribution
    archives: Archives
    cache: Path


def wanted(
    client: docker.DockerClient,
    *,
    version: str | None,
    archive: Path | None,
    environment: Mapping[str, str],
    say: Say,
    recipes: Path | None = None,
    download: Download | None = None,
) -> Wanted:
    """Return the images that are needed, whether they are there or not; the arguments are those of `ensure`."""
    recipes = recipes or shipped("docker")
    cache = cache_folder(environment)
    archives = read_archives((recipes / "broker" / "archives.toml").read_text("utf-8"))
    distribution = choose(archives, version, archive, cache, say, download)
    made_of = Ingredients(
        base=recipe(recipes / "base"),
        broker=recipe(recipes / "broker"),
        router=router_recipe(recipes / "router", Path(link.__file__).parent),
        activemq_version=distribution.artifact.version,
        activemq_sha512=distribution.artifact.sha512,
        jolokia_sha512=archives.jolokia.sha512,
        architecture=str(client.version()["Arch"]),
        layout=image_archive.LAYOUT,
    )
    return Wanted(
        names=plan_images(made_of), made_of=made_of, distribution=distribution, archives=archives, cache=cache
    )


def ensure(
    client: docker.DockerClient,
    *,
    version: str | None,
    archive: Path | None,
    environment: Mapping[str, str],
    say: Say,
    recipes: Path | None = None,
    download: Download | None = None,
) -> Images:
    """Build those of the three images that are missing, and return the names of all.

    `version` is ActiveMQ's, or None for the default; `archive` is a distribution on disk to use instead of a download.
    """
    its = wanted(
        client,
        version=version,
        archive=archive,
        environment=environment,
        say=say,
        recipes=recipes,
        download=download,
    )
    try:
        if missing(client, its.names):
            with _build_lock(its.cache, say):
                _build_missing(client, its, environment, say, download)
    except DockerException as error:
        raise HostError(f"the Docker engine refused: {error}", see(ENGINE)) from error
    return its.names


def missing(client: docker.DockerClient, names: Images) -> tuple[str, ...]:
    """Return the names of the images that the engine lacks."""
    return tuple(name for name in (names.base, names.broker, names.router) if not exists(client, name))


def choose(
    archives: Archives,
    version: str | None,
    archive: Path | None,
    cache: Path,
    say: Say,
    download: Download | None = None,
) -> Distribution:
    """Return the distribution to use; InputError if a file has another version, or not the version's known digest."""
    if archive is not None:
        inside = image_archive.version_of(archive)
        found = recorded_sha512(archive, cache)
        known = archives.activemq.get(inside)
        if version is not None and version != inside:
            raise InputError.of(
                f"{archive} holds ActiveMQ {inside}, not {version}", "leave the version out, or name another file"
            )
        if known is not None and known != found:
            raise InputError.of(
                f"{archive} is not the archive of ActiveMQ {inside}",
                f"expected SHA-512 {known}\nfound            {found}\nit is damaged or was changed: fetch it again",
            )
        return Distribution(artifact=replace(archives.distribution(inside), sha512=found), file=archive)
    artifact = archives.distribution(version or releases.RELEASES[releases.DEFAULT])
    if not artifact.sha512:
        published = published_sha512(artifact, cache, say, download)
        artifact = replace(artifact, sha512=published)
    return Distribution(artifact=artifact, file=None)


def recorded_sha512(file: Path, cache: Path) -> str:
    """Return a file's SHA-512, computed again only if the file's size or time has changed."""
    stat = file.stat()
    key = f"{file.resolve()}:{stat.st_size}:{stat.st_mtime_ns}"
    record = cache / "digests.json"
    known: dict[str, str] = {}
    with suppress(OSError, ValueError):  # not there yet, or damaged: it is only remembered work
        known = dict(json.loads(record.read_text("utf-8")))
    if key not in known:
        known[key] = sha512(file)
        cache.mkdir(parents=True, exist_ok=True)
        fresh = record.with_suffix(f".{os.getpid()}")
        fresh.write_text(json.dumps(known), "utf-8")
        fresh.replace(record)
    return known[key]


def listing(client: docker.DockerClient) -> tuple[Image, ...]:
    """Return every image of mqlab on the engine, sorted by name."""
    found = client.api.images(filters={"label": f"{labels.ROLE}=image"})
    return tuple(
        sorted(
            (
                Image(name=str(name), size=int(image["Size"]), created=_when(int(image["Created"])))
                for image in found
                for name in image.get("RepoTags") or ()
                if str(name).startswith("mqlab/")
            ),
            key=lambda image: image.name,
        )
    )


def _build_missing(
    client: docker.DockerClient,
    its: Wanted,
    environment: Mapping[str, str],
    say: Say,
    download: Download | None,
) -> None:
    names, made_of = its.names, its.made_of
    lacking = missing(client, names)  # another process may have built them while this one waited
    if names.base in lacking:
        base_image.make(client, names.base, made_of.base, its.cache, environment, say)
    if names.broker in lacking:
        jolokia = fetch(its.archives.jolokia, its.cache, say, download)
        file = its.distribution.file or fetch(its.distribution.artifact, its.cache, say, download)
        build(client, names.broker, names.base, _broker_context(made_of, file, jolokia), say)
    if names.router in lacking:
        build(client, names.router, names.base, from_bytes(made_of.router), say)


def _broker_context(made_of: Ingredients, archive: Path, jolokia: Path) -> Iterator[ContextFile]:
    yield from from_bytes(made_of.broker)
    yield from from_file("jolokia-jvm.jar", jolokia)
    for path, size, content in image_archive.members(archive):
        yield ContextFile(path=f"activemq/{path}", size=size, content=content)


@contextmanager
def _build_lock(cache: Path, say: Say) -> Iterator[None]:
    """Hold the lock of this cache for the block; the kernel releases it if the process dies."""
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "images.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another mqlab is building images, waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _when(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
