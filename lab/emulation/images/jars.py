"""A release of ActiveMQ as a list of a Maven repository's files: read, fetched eight at a time, laid out."""

from __future__ import annotations

import hashlib
import re
import zipfile
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from functools import partial
from pathlib import Path
from typing import IO

from lab.activemq.releases import MODULES
from lab.base.dataclass import dataclass
from lab.emulation.images.downloads import Artifact, Download, Say, fetch
from lab.errors import InputError

AT_ONCE = 8  # downloads
_FILE = "jars-{}.txt"
_DIGEST = re.compile(r"[0-9a-f]{128}")
_NOT_OF_THE_CONSOLE = (  # what the war has, and the distribution's web console does not
    "WEB-INF/lib/",
    "WEB-INF/activemq.xml",
    "WEB-INF/classes/META-INF/",
    "WEB-INF/classes/log4j2.properties",
    "META-INF/maven/",
)
_COPIED = ("images/", "styles/")  # of the web console, to the folder of web applications


@dataclass(frozen=True, slots=True, kw_only=True)
class Jar:
    """A file of the list, and its folder in the distribution; a war is unpacked there."""

    folder: str
    artifact: Artifact


@dataclass(frozen=True, slots=True, kw_only=True)
class Jars:
    """The list of a release."""

    release: str
    jars: tuple[Jar, ...]
    sha512: str  # of the list

    @property
    def others(self) -> Mapping[str, tuple[str, ...]]:
        """Return the other releases of some of ActiveMQ's modules, each with the names of those modules."""
        found: dict[str, dict[str, None]] = {}
        for jar in self.jars:
            its = jar.artifact
            if (its.group, its.name[:9]) == ("org.apache.activemq", "activemq-") and its.version != self.release:
                found.setdefault(its.version, {})[MODULES.get(its.name, its.name)] = None
        return {release: tuple(names) for release, names in found.items()}


def listed(recipe: Path, release: str) -> Jars | None:
    """Return the list of a release that is kept in the broker's recipe; None if it has none."""
    path = recipe / _FILE.format(release)
    return read_jars(path.read_text("utf-8"), release, path.name) if path.exists() else None


def read_jars(text: str, release: str, name: str) -> Jars:
    """Read a list, one file a line; raise InputError, with its `name` and the line, if it was spoilt."""
    jars = []
    for number, line in enumerate(text.splitlines(), 1):
        if not (words := line.partition("#")[0].split()):
            continue
        folder, coordinates, digest = words if len(words) == 3 else ("", "", "")
        group, artifact, version, packaging = (*coordinates.split(":"), "jar", "", "", "")[:4]
        if not (group and artifact and version and packaging in ("jar", "war") and _DIGEST.fullmatch(digest)):
            raise InputError.of(
                f"{name}:{number}: expected a folder, coordinates and a SHA-512",
                "the list was changed: install mqlab again",
            )
        its = Artifact(group=group, name=artifact, version=version, classifier="", packaging=packaging, sha512=digest)
        jars.append(Jar(folder=folder, artifact=its))
    return Jars(release=release, jars=tuple(jars), sha512=hashlib.sha512(text.encode()).hexdigest())


def check_list(jars: Jars, sha512: str) -> None:
    """Raise InputError if a list is not the one of this SHA-512, although each of its lines can be read."""
    if jars.sha512 != sha512:
        name = _FILE.format(jars.release)
        raise InputError.of(
            f"{name} was changed: its SHA-512 is not the one in archives.toml",
            "install mqlab again; after a change of your own, write its SHA-512 there:   "
            f"sha512sum {name}\nexpected {sha512 or 'nothing'}\nfound    {jars.sha512}",
        )


def fetch_all(jars: Jars, cache: Path, say: Say, download: Download) -> tuple[tuple[Jar, Path], ...]:
    """Return the files of a list, each checked; files in the cache are not fetched again.

    Raise the error of the first file that cannot be had, or is not the one it should be.
    """
    found: dict[Artifact, Path] = {}
    wanted = {jar.artifact for jar in jars.jars}
    with ThreadPoolExecutor(AT_ONCE) as pool:
        its = {pool.submit(partial(fetch, each, cache, say, download)): each for each in wanted}
        try:
            for done in as_completed(its):
                found[its[done]] = done.result()
                say(f"fetching ActiveMQ {jars.release}: {len(found)} of {len(wanted)} files")
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return tuple((jar, found[jar.artifact]) for jar in jars.jars)


def members(files: tuple[tuple[Jar, Path], ...]) -> Iterator[tuple[str, int, IO[bytes]]]:
    """Yield path in the distribution, size in bytes and content of every file, open until the next one is taken."""
    for jar, path in files:
        if jar.artifact.packaging == "war":
            yield from _unpacked(jar.folder, path)
            continue
        with path.open("rb") as content:
            yield f"{jar.folder}/{jar.artifact}", path.stat().st_size, content


def _unpacked(folder: str, war: Path) -> Iterator[tuple[str, int, IO[bytes]]]:
    with zipfile.ZipFile(war) as archive:
        for member in archive.infolist():
            name = member.filename
            if member.is_dir() or name.startswith(_NOT_OF_THE_CONSOLE):
                continue
            beside = f"{folder.rpartition('/')[0]}/{name}"
            for path in (f"{folder}/{name}", *((beside,) if name.startswith(_COPIED) else ())):
                with archive.open(member) as content:
                    yield path, member.file_size, content
