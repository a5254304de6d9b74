"""The three images in one file, to be carried from engine to engine: written with its digest, and read only by that."""

from __future__ import annotations

import hashlib
import json
import posixpath
import re
import tarfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

from docker.errors import DockerException
from requests import RequestException

import docker
from lab.base.text_files import open_file, read_bytes, write_text
from lab.emulation.images.names import Images
from lab.errors import HostError, InputError

_AT_ONCE = 2**20  # bytes
_LARGEST_MANIFEST = 2**20  # bytes
_MOST_MEMBERS = 10_000  # an engine writes some 50 for our images
_MANIFEST, _INDEX = "/manifest.json", "/index.json"  # engines go by the one, those with containerd's store by the other
_NAMES = ("io.containerd.image.name", "org.opencontainers.image.ref.name")  # containerd takes the first that is there
_NOT_OURS = (
    tarfile.TarError,
    KeyError,
    ValueError,
    TypeError,
    AttributeError,
    OSError,
    OverflowError,
    RecursionError,
)
ANEW = "write it again: mqlab images --save FILE"


def save(client: docker.DockerClient, names: Sequence[Images], file: Path) -> str:
    """Write images to a file and its SHA-256 beside it, whole or not at all; return the SHA-256, in hexadecimal."""
    api, total = client.api, hashlib.sha256()
    part = file.with_name(f"{file.name}.part")
    url = f"{api.base_url}/v{api.api_version}/images/get"
    try:
        with (
            api.get(url, params={"names": _all(names)}, stream=True) as answer,
            part.open("wb") as out,
        ):
            answer.raise_for_status()
            for octets in answer.iter_content(_AT_ONCE):
                total.update(octets)
                out.write(octets)
        part.replace(file)
    except RequestException as error:
        raise HostError(f"the Docker engine did not export its images: {error}", "run: mqlab doctor") from error
    except OSError as error:
        raise HostError(f"{file} cannot be written: {error.strerror}") from error
    finally:
        part.unlink(missing_ok=True)
    write_text(digest_file(file), f"{total.hexdigest()}  {file.name}\n")
    return total.hexdigest()


def load(client: docker.DockerClient, names: Sequence[Images], file: Path, sha256: str | None) -> None:
    """Load images from a file; raise InputError, with nothing loaded, if its checksum is wrong.

    `sha256` is the digest that `save` returned. Default: the digest beside the file. No image gets a name but those of
    `names`. The writer decides the content of the images: only a digest from elsewhere detects another person's file.
    """
    with open_file(file, str(file)) as content:
        wanted = sha256 or _digest(file)
        found = _sha256(content)
        if found != wanted.lower():
            what = f"{file} is not the file that was saved"
            raise InputError.of(what, f"expected SHA-256 {wanted}\nfound            {found}\n{ANEW}")
        content.seek(0)
        tags, of_index = _tags(content, file)
        needed = set(_all(names))
        if tags != needed or not of_index <= needed:
            what = f"{file} has other images than this mqlab needs: {', '.join(sorted(tags | of_index)) or 'none'}"
            raise InputError.of(what, f"needed: {', '.join(_all(names))}\n{ANEW}")
        content.seek(0)
        try:
            client.images.load(content)
        except (DockerException, RequestException) as error:
            raise HostError(f"the Docker engine did not accept {file}: {error}", ANEW) from error


def _all(names: Sequence[Images]) -> tuple[str, ...]:
    """Return the names of images, each once: several releases share two of their three images."""
    return tuple(dict.fromkeys(name for its in names for name in (its.base, its.broker, its.router)))


def digest_file(file: Path) -> Path:
    """Return the file beside another one with its digest, in the format of `sha256sum`."""
    return file.with_name(f"{file.name}.sha256")


def _sha256(content: BinaryIO) -> str:
    total = hashlib.sha256()
    while octets := content.read(_AT_ONCE):
        total.update(octets)
    return total.hexdigest()


def _digest(file: Path) -> str:
    beside = digest_file(file)
    if not beside.exists():
        raise InputError.of(
            f"{beside} does not exist", "give the checksum by --sha256 HEX, or write both files again: --save FILE"
        )
    text = read_bytes(beside, str(beside), 1000).decode("ascii", "replace")
    if not (found := re.match(r"([0-9a-fA-F]{64})\s", text)):
        raise InputError.of(f"{beside} has no SHA-256", f"give it by --sha256 HEX, or {ANEW}")
    return found[1]


def _tags(content: BinaryIO, file: Path) -> tuple[set[str], set[str]]:
    """Return the names that a file's images have in manifest.json, and those in index.json, where that is there."""
    with suppress(*_NOT_OURS), tarfile.open(fileobj=content, mode="r:") as archive:
        members = _members(archive, file)
        tags = {str(tag) for image in _read(archive, members[_MANIFEST]) for tag in image["repotags"] or ()}
        if _INDEX not in members:
            return tags, set()
        listed = [each.get("annotations") or {} for each in _read(archive, members[_INDEX])["manifests"]]
        found = (next(filter(None, map(each.get, _NAMES)), "") for each in listed)
        return tags, {str(name).removeprefix("docker.io/") for name in found if name}
    raise InputError.of(f"{file} is not a file of images", ANEW)


def _members(archive: tarfile.TarFile, file: Path) -> dict[str, tarfile.TarInfo]:
    """Return a file's members by the path each is unpacked to; InputError if its contents are ambiguous."""
    members: dict[str, tarfile.TarInfo] = {}
    for number, each in enumerate(archive):
        if number == _MOST_MEMBERS:
            raise InputError.of(f"{file} has more than {_MOST_MEMBERS:,} members", ANEW)
        path = posixpath.normpath(f"/./{each.name}")  # two slashes at the beginning would stay
        if path in members and path in (_MANIFEST, _INDEX):
            raise InputError.of(f"{file} has {path[1:]} more than once, and an engine may use another copy", ANEW)
        members[path] = each
    links = {path for path, each in members.items() if each.issym()}
    if links and (behind := next((path for path in members if _parents(path) & links), None)):
        raise InputError.of(f"{file} has {behind[1:]} behind a link, and an engine may unpack it elsewhere", ANEW)
    return members


def _parents(path: str) -> set[str]:
    return {str(each) for each in PurePosixPath(path).parents}


def _read(archive: tarfile.TarFile, member: tarfile.TarInfo) -> Any:
    """Return a member's JSON with its keys in lower case; raise one of _NOT_OURS if it is not a small file."""
    content = archive.extractfile(member) if member.isreg() else None
    if content is None or member.size > _LARGEST_MANIFEST:
        raise ValueError(member.name)
    return json.loads(content.read(_LARGEST_MANIFEST), object_pairs_hook=_fields)


def _fields(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object of JSON as engines read it, whatever the case of its keys; ValueError if one is there twice."""
    found = {key.casefold(): value for key, value in pairs}
    if len(found) < len(pairs):
        raise ValueError("a key occurs twice")
    return found
