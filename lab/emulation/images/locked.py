"""The SHA-512 of archives that were fetched once, kept in the cache: a later download must have the same.

The first one is checked by the SHA-1 that is published beside the archive. Remove the lock to begin anew.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from lab.emulation.images.downloads import Artifact, Download, Say, sha512
from lab.errors import HostError, InputError

LOCK = "archives.lock"
_SHA1, _SHA512 = re.compile(r"[0-9a-f]{40}"), re.compile(r"[0-9a-f]{128}")


class NotAsPublished(HostError):
    """An archive's SHA-1 differs from its published SHA-1."""


def locked(cache: Path) -> Mapping[str, str]:
    """Return the SHA-512 of every release that was fetched; raise HostError if the lock was spoilt."""
    path = cache / LOCK
    try:
        found = json.loads(path.read_text("utf-8"))
        if not all(_SHA512.fullmatch(digest) for digest in found.values()):
            raise ValueError("a digest is not a SHA-512")
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise HostError(
            f"{path} cannot be read: {error}",
            "remove it; archives are then checked by their published SHA-1",
        ) from error
    return dict(found)


def lock(artifact: Artifact, cache: Path, say: Say, download: Download) -> Artifact:
    """Return an archive with the SHA-512 that the lock has; where it has none, fetch the archive and keep its SHA-512.

    Raise InputError if no repository serves it, HostError if it is not the one whose SHA-1 is published.
    """
    with cache_lock(cache, say):
        known = locked(cache)
        if artifact.version not in known:
            known = {**known, artifact.version: _fetched(artifact, cache, say, download)}
            fresh = cache / f"{LOCK}.{os.getpid()}"
            fresh.write_text(json.dumps(known, indent=1) + "\n", "utf-8")
            fresh.replace(cache / LOCK)
        return replace(artifact, sha512=known[artifact.version])


def _fetched(artifact: Artifact, cache: Path, say: Say, download: Download) -> str:
    """Return the SHA-512 of an archive whose SHA-1 is the published one; a damaged file is fetched once more."""
    published = found = ""
    for _ in range(2):
        path = download(artifact, cache / "maven")
        published, found = _published_sha1(artifact, cache, download), _sha1(path)
        if published == found:
            return sha512(path)
        say(f"{artifact} in the cache is damaged, fetching it again")
        path.unlink()
    raise NotAsPublished(
        f"{artifact} does not match its checksum",
        f"published SHA-1 {published}\nfound           {found}\n"
        "do not use it: it was replaced, or a proxy between this machine and the repository changes files",
    )


def _published_sha1(artifact: Artifact, cache: Path, download: Download) -> str:
    beside = replace(artifact, packaging=f"{artifact.packaging}.sha1", sha512="")
    path = download(beside, cache / "maven")
    digest = path.read_text("ascii", errors="replace").split()[:1]
    path.unlink()  # asked anew each time: only what is checked stays
    if not digest or not _SHA1.fullmatch(digest[0].lower()):
        raise HostError(f"{beside} has no SHA-1", "take the archive from disk: --activemq-archive FILE")
    return digest[0].lower()


def _sha1(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.sha1(usedforsecurity=False)).hexdigest()


def why_unserved(artifact: Artifact, cache: Path, say: Say, download: Download) -> str:
    """Return why an archive is unavailable; "" if the lock has it, or a repository serves it, and it is locked now.

    Raise HostError if one is served that is not as published, or if the lock was spoilt.
    """
    if artifact.version in locked(cache):
        return ""
    try:
        lock(artifact, cache, say, download)
    except NotAsPublished:
        raise
    except InputError as error:  # no repository serves it
        return str(error).partition("\n")[0]
    except HostError as error:  # none can be reached
        return error.what
    return ""


@contextmanager
def cache_lock(cache: Path, say: Say) -> Iterator[None]:
    """Hold the lock of this cache for the block; the kernel releases it if the process dies."""
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "images.lock").open("w") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another mqlab is building images, waiting for it")
            fcntl.flock(held, fcntl.LOCK_EX)
        yield
