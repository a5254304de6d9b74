"""Downloads of ActiveMQ's archive and the Jolokia agent, from Maven Central to a cache; never used unchecked.

jgo has Central's address and the user's mirrors, from its own configuration file; no host is named here.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from lab.dataclass import dataclass
from lab.errors import HostError, InputError
from lab.user_home import empty_home_if_none, user_home

Say = Callable[[str], None]
OFFLINE = "without network, --activemq-archive FILE takes an archive from disk once the Jolokia agent is in the cache"


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
    return Archives(activemq=read["activemq"], jolokia=jolokia)


def cache_folder(environment: Mapping[str, str]) -> Path:
    """Return the folder for downloads: $MQLAB_CACHE, or mqlab in the user's cache folder; HostError if neither is."""
    if named := environment.get("MQLAB_CACHE"):
        if not named.startswith("~"):
            return Path(named)
        try:
            return Path(named).expanduser()
        except RuntimeError as error:
            what = f"MQLAB_CACHE is {named}, and that user has no home folder"
            raise HostError(what, "set MQLAB_CACHE to a folder by its whole path") from error
    if base := environment.get("XDG_CACHE_HOME"):
        return Path(base) / "mqlab"
    its = user_home(environment)
    if its is None:
        raise HostError(
            "there is no folder for downloads: this user has no home folder, and HOME names none",
            "set HOME, or MQLAB_CACHE, to a folder of yours",
        )
    return its / ".cache" / "mqlab"


def fetch(artifact: Artifact, cache: Path, say: Say, download: Download | None = None) -> Path:
    """Return the file of an artifact, with the right digest; a damaged one in the cache is fetched once more.

    Raise HostError if the digest is wrong again.
    """
    download = download or maven(say)
    found = ""
    for _ in range(2):
        path = download(artifact, cache / "maven")
        found = sha512(path)
        if found == artifact.sha512:
            return path
        say(f"{artifact} in the cache is damaged, fetching it again")
        path.unlink()
    raise HostError(
        f"{artifact} is not the file it should be",
        f"expected SHA-512 {artifact.sha512}\nfound            {found}\n"
        "something between this machine and the repository changes files, or the file was replaced: do not use it",
    )


def published_sha512(artifact: Artifact, cache: Path, say: Say, download: Download | None = None) -> str:
    """Return the SHA-512 that is published beside an archive; raise HostError if there is none."""
    beside = replace(artifact, packaging=f"{artifact.packaging}.sha512", sha512="")
    path = (download or maven(say))(beside, cache / "maven")
    digest = path.read_text("ascii", errors="replace").split()[:1]
    if not digest or len(digest[0]) != 128 or set(digest[0].lower()) - set("0123456789abcdef"):
        path.unlink()
        raise HostError(f"{beside} holds no SHA-512", "take the archive from disk: --activemq-archive FILE")
    return digest[0].lower()


def sha512(path: Path) -> str:
    """Return a file's SHA-512 in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha512").hexdigest()


def maven(say: Say) -> Download:
    """Return a Download from Maven Central or the user's mirrors, which reports progress in percent to `say`."""

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

    def download(artifact: Artifact, folder: Path) -> Path:
        from jgo.config import GlobalSettings  # here, since images are built once, and labs opened often
        from jgo.maven import MavenContext, PythonResolver

        with empty_home_if_none():
            mirrors = GlobalSettings.load().repositories
            context = MavenContext(repo_cache=folder, resolver=PythonResolver(progress_callback=progress))
        context.remote_repos = {**mirrors, **context.remote_repos, **mirrors}  # the user's come first
        project = context.project(artifact.group, artifact.name).at_version(artifact.version)
        try:
            return Path(project.artifact(artifact.classifier, artifact.packaging).resolve())
        except OSError as error:  # requests' errors are OSErrors
            raise HostError(
                f"cannot fetch {artifact}: {error}", f"check the network and its proxy settings\n{OFFLINE}"
            ) from error
        except RuntimeError as error:
            raise InputError.of(
                f"no repository serves {artifact}", "take the archive from disk: --activemq-archive FILE"
            ) from error

    return download
