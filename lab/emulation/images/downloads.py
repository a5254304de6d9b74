"""Downloads of ActiveMQ and the Jolokia agent, from Maven Central to a cache; never used unchecked.

jgo has Central's address and the user's mirrors, from its own configuration file; no host is named here.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import field
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from lab.base import settings
from lab.base.dataclass import dataclass
from lab.base.offline import is_offline, refuse_offline
from lab.base.user_home import empty_home_if_none
from lab.errors import HostError, InputError

if TYPE_CHECKING:
    from jgo.maven import MavenContext

Say = Callable[[str], None]
OFFLINE = (
    "without a network, name an archive on disk by --activemq-archive FILE; the Jolokia agent must be in the cache"
)
ELSEWHERE = "load the images from another machine: mqlab images --load FILE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """A file of a Maven repository, and the SHA-512 that it must have ("" if unknown)."""

    group: str
    name: str
    version: str
    classifier: str
    packaging: str
    sha512: str

    def __str__(self) -> str:
        """Return the file's name."""
        return "-".join(filter(None, (self.name, self.version, self.classifier))) + f".{self.packaging}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Archives:
    """The contents of docker/broker/archives.toml."""

    activemq: Mapping[str, str]  # version → SHA-512
    jolokia: Artifact
    lists: Mapping[str, str] = field(default_factory=dict)  # version → SHA-512 of the list of its jars

    def distribution(self, version: str) -> Artifact:
        """Return the binary archive of an ActiveMQ version."""
        return Artifact(
            group="org.apache.activemq",
            name="apache-activemq",
            version=version,
            classifier="bin",
            packaging="tar.gz",
            sha512=self.activemq.get(version, ""),
        )


Download = Callable[[Artifact, Path], Path]  # an artifact and the cache's folder → the file, checked or not


def read_archives(text: str) -> Archives:
    """Read archives.toml."""
    read = tomllib.loads(text)
    jolokia = Artifact(
        group="org.jolokia",
        name="jolokia-jvm",
        version=read["jolokia"]["version"],
        classifier="",
        packaging="jar",
        sha512=read["jolokia"]["sha512"],
    )
    return Archives(activemq=read["activemq"], jolokia=jolokia, lists=read["jars"])


def cache_folder(environment: Mapping[str, str]) -> Path:
    """Return the folder for downloads: $MQLAB_CACHE, or mqlab in the user's cache folder; HostError if neither is."""
    if named := settings.CACHE.get(environment):
        if not named.startswith("~"):
            return Path(named)
        try:
            return Path(named).expanduser()
        except RuntimeError as error:
            what = f"MQLAB_CACHE is {named}, and that user has no home folder"
            raise HostError(what, "set MQLAB_CACHE to an absolute path") from error
    if (folder := settings.cache_folder(environment)) is None:
        raise HostError(
            "there is no folder for downloads: this user has no home folder, and HOME is not set",
            "set HOME, or MQLAB_CACHE, to a folder that you own",
        )
    return folder


def fetch(artifact: Artifact, cache: Path, say: Say, download: Download) -> Path:
    """Return the file of an artifact, with the right digest; a damaged one in the cache is fetched once more.

    Raise HostError if the digest is wrong again.
    """
    found = ""
    for _ in range(2):
        path = download(artifact, cache / "maven")
        found = sha512(path)
        if found == artifact.sha512:
            return path
        say(f"{artifact} in the cache is damaged, fetching it again")
        path.unlink()
    raise HostError(
        f"{artifact} does not match its checksum",
        f"expected SHA-512 {artifact.sha512}\nfound            {found}\n"
        "do not use it: it was replaced, or a proxy between this machine and the repository changes files",
    )


def sha512(path: Path) -> str:
    """Return a file's SHA-512 in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha512").hexdigest()


def maven(say: Say, environment: Mapping[str, str], repositories: Mapping[str, str] | None = None) -> Download:
    """Return a Download from Maven Central or the user's mirrors, which reports progress in percent to `say`.

    `repositories`, name → address, are asked instead. Several threads may use it at once, each for another file.
    Offline, it returns files of the cache, and raises HostError for others.
    """
    offline = is_offline(environment)

    @contextmanager
    def progress(name: str, total: int) -> Iterator[Callable[[int], None]]:
        done, told = 0, -1

        def update(count: int) -> None:
            nonlocal done, told
            done += count
            if (tenth := done * 10 // total) != told:
                told = tenth
                say(f"fetching {name}: {done * 100 // total}% of {total / 1e6:.0f} MB")

        yield update

    made: dict[Path, MavenContext] = {}
    making = Lock()

    def context(folder: Path) -> MavenContext:
        from jgo.config import GlobalSettings  # here, since images are built once, and labs opened often
        from jgo.maven import MavenContext, PythonResolver

        with making:
            if folder not in made:
                with empty_home_if_none():
                    mirrors = GlobalSettings.load().repositories
                    made[folder] = MavenContext(
                        repo_cache=folder, resolver=PythonResolver(progress_callback=progress), offline=offline
                    )
                its = made[folder]
                its.remote_repos = {**mirrors, **its.remote_repos, **mirrors}  # the user's come first
                its.remote_repos = its.remote_repos if repositories is None else dict(repositories)
            return made[folder]

    def download(artifact: Artifact, folder: Path) -> Path:
        project = context(folder).project(artifact.group, artifact.name).at_version(artifact.version)
        its = project.artifact(artifact.classifier, artifact.packaging)
        try:
            try:
                return Path(its.resolve())
            except IndexError:  # jgo's, of a .sha1 without a word: the file is there, and whoever wants it checks it
                return Path(its.resolve())
        except OSError as error:  # requests' errors are OSErrors
            raise HostError(
                f"cannot fetch {artifact}: {error}", f"check the network and its proxy settings\n{OFFLINE}"
            ) from error
        except RuntimeError as error:
            refuse_offline(environment, str(artifact), ELSEWHERE)
            raise InputError.of(
                f"no repository serves {artifact}", "take the archive from disk: --activemq-archive FILE"
            ) from error

    return download
