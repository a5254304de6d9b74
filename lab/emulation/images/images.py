"""The three images of a lab: the names wanted, those on the engine, and one build of those missing.

A look takes a few milliseconds; archives are fetched and read only to build a broker image.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from docker.errors import DockerException

import docker
from lab import link
from lab.activemq import releases
from lab.base.dataclass import dataclass
from lab.base.shipped import shipped
from lab.emulation.check_names import ENGINE, see
from lab.emulation.engine import labels
from lab.emulation.images import archive as image_archive
from lab.emulation.images import base as base_image
from lab.emulation.images import jars as image_jars
from lab.emulation.images.build import ContextFile, build, exists, from_bytes, from_file
from lab.emulation.images.downloads import (
    Archives,
    Artifact,
    Download,
    Say,
    cache_folder,
    fetch,
    maven,
    read_archives,
    sha512,
)
from lab.emulation.images.jars import Jars
from lab.emulation.images.locked import cache_lock, lock, locked, why_unserved
from lab.emulation.images.names import Images, Ingredients, plan_images, recipe, router_recipe
from lab.errors import HostError, InputError, LabError
from lab.runtime.runtime import Image

__all__ = ["Images", "ensure", "listing", "settled", "wanted"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution:
    """The distribution of ActiveMQ to use: a version and its digest, and the file if the user named one.

    Where `jars` are listed, there is no archive: the digest is that of the list.
    """

    artifact: Artifact
    file: Path | None
    jars: Jars | None = None


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
    """Return the names of the needed images, built or not; the arguments are the same as for `ensure`."""
    recipes = recipes or shipped("docker")
    cache = cache_folder(environment)
    archives = read_archives((recipes / "broker" / "archives.toml").read_text("utf-8"))
    download = download or maven(say, environment)
    distribution = choose(archives, version, archive, cache, say, download, recipes / "broker")
    made_of = Ingredients(
        base=recipe(recipes / "base"),
        broker=recipe(recipes / "broker"),
        router=router_recipe(recipes / "router", Path(link.__file__).parent),
        activemq_version=distribution.artifact.version,
        activemq_sha512=distribution.artifact.sha512,
        others=() if distribution.jars is None else tuple(distribution.jars.others),
        jolokia_sha512=archives.jolokia.sha512,
        architecture=str(client.version()["Arch"]),
        layout=image_archive.LAYOUT_VERSION,
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
    """Build the missing ones of the three images, and return the names of all.

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
            with cache_lock(its.cache, say):
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
    download: Download,
    recipe: Path | None = None,
) -> Distribution:
    """Return the distribution to use; InputError if a file has another version, or not the version's known digest.

    `recipe` is the folder that may have a list of the version's jars. A version with neither is fetched at once, and
    locked.
    """
    if archive is not None:
        return _on_disk(archives, version, archive, cache)
    artifact = archives.distribution(version or releases.RELEASES[releases.DEFAULT])
    _check_age(artifact.version)
    if artifact.sha512:
        return Distribution(artifact=artifact, file=None)
    if recipe is not None and (jars := image_jars.listed(recipe, artifact.version)) is not None:
        image_jars.check_list(jars, archives.lists.get(artifact.version, ""))
        return Distribution(artifact=replace(artifact, sha512=jars.sha512), file=None, jars=jars)
    try:
        return Distribution(artifact=lock(artifact, cache, say, download), file=None)
    except LabError as error:
        if usual := next((engine for engine, newest in releases.NEWEST.items() if newest == artifact.version), None):
            error.add_remedy(f"or use engine version {usual}, for which the lab has another release")
        raise


def _on_disk(archives: Archives, version: str | None, archive: Path, cache: Path) -> Distribution:
    inside = image_archive.version_of(archive)
    _check_age(inside)
    found = recorded_sha512(archive, cache)
    known = archives.activemq.get(inside) or locked(cache).get(inside)
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


def _check_age(version: str) -> None:
    if releases.is_too_old(version):
        oldest = ".".join(map(str, releases.OLDEST))
        raise InputError.of(f"mqlab does not support ActiveMQ {version}", f"use ActiveMQ {oldest} or newer")


def settled(
    client: docker.DockerClient,
    engine_version: str,
    *,
    environment: Mapping[str, str],
    say: Say,
    warn: Say,
    recipes: Path | None = None,
    download: Download | None = None,
) -> str | None:
    """Return the release that real brokers of an engine version run here, None if the lab has none.

    That is the newest release if its archive was or can be fetched; else the usual one, with a warning. Once the
    usual one's image is there, no repository is asked any more.
    """
    usual, newest = releases.RELEASES.get(engine_version), releases.NEWEST.get(engine_version)
    if usual is None or newest is None:
        return usual
    recipes, cache = recipes or shipped("docker"), cache_folder(environment)
    archives = read_archives((recipes / "broker" / "archives.toml").read_text("utf-8"))
    if newest not in locked(cache):
        its = wanted(client, version=usual, archive=None, environment=environment, say=say, recipes=recipes)
        if exists(client, its.names.broker):
            return usual
    if why := why_unserved(archives.distribution(newest), cache, say, download or maven(say, environment)):
        warn(
            f"brokers of engine version {engine_version} run ActiveMQ {usual}, built from its jars, "
            f"instead of {newest}: {why}; run mqlab images --activemq-version {newest} when its archive can be fetched"
        )
        return usual
    return newest


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
    wanted: Wanted,
    environment: Mapping[str, str],
    say: Say,
    download: Download | None,
) -> None:
    names, made_of = wanted.names, wanted.made_of
    lacking = missing(client, names)  # another process may have built them while this one waited
    if names.base in lacking:
        base_image.make(client, names.base, made_of.base, wanted.cache, environment, say)
    if names.broker in lacking:
        jolokia = fetch(wanted.archives.jolokia, wanted.cache, say, download or maven(say, environment))
        members = _members(wanted, environment, say, download)
        build(client, names.broker, names.base, _broker_context(made_of, members, jolokia), say)
    if names.router in lacking:
        build(client, names.router, names.base, from_bytes(made_of.router), say)


def _members(
    wanted: Wanted, environment: Mapping[str, str], say: Say, download: Download | None
) -> Iterator[tuple[str, int, IO[bytes]]]:
    chosen = wanted.distribution
    if chosen.jars is not None:
        download = download or maven(lambda _: None, environment)
        return image_jars.members(image_jars.fetch_all(chosen.jars, wanted.cache, say, download))
    download = download or maven(say, environment)
    return image_archive.members(chosen.file or fetch(chosen.artifact, wanted.cache, say, download))


def _broker_context(
    made_of: Ingredients, members: Iterator[tuple[str, int, IO[bytes]]], jolokia: Path
) -> Iterator[ContextFile]:
    yield from from_bytes(made_of.broker)
    yield from from_file("jolokia-jvm.jar", jolokia)
    for path, size, content in members:
        yield ContextFile(path=f"activemq/{path}", size=size, content=content)


def _when(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
