"""The three images in one file, to be carried from engine to engine: written with its digest, and read only by that."""

from __future__ import annotations

import hashlib
import json
import re
import tarfile
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from docker.errors import DockerException
from requests import RequestException

import docker
from lab.emulation.images.names import Images
from lab.errors import HostError, InputError
from lab.text_files import open_file, read_bytes, write_text

_AT_ONCE = 2**20  # bytes
_LARGEST_MANIFEST = 2**20  # bytes
_NOT_OURS = (tarfile.TarError, KeyError, ValueError, TypeError, AttributeError, OSError, RecursionError)
ANEW = "mqlab images --save FILE writes it anew"


def save(client: docker.DockerClient, names: Images, file: Path) -> str:
    """Write images to a file and its SHA-256 beside it, whole or not at all; return the SHA-256, in hexadecimal."""
    api, total = client.api, hashlib.sha256()
    part = file.with_name(f"{file.name}.part")
    url = f"{api.base_url}/v{api.api_version}/images/get"
    try:
        with (
            api.get(url, params={"names": [names.base, names.broker, names.router]}, stream=True) as answer,
            part.open("wb") as out,
        ):
            answer.raise_for_status()
            for octets in answer.iter_content(_AT_ONCE):
                total.update(octets)
                out.write(octets)
        part.replace(file)
    except RequestException as error:
        raise HostError(f"the Docker engine did not give its images: {error}", "mqlab doctor looks at it") from error
    except OSError as error:
        raise HostError(f"{file} cannot be written: {error.strerror}") from error
    finally:
        part.unlink(missing_ok=True)
    write_text(digest_file(file), f"{total.hexdigest()}  {file.name}\n")
    return total.hexdigest()


def load(client: docker.DockerClient, names: Images, file: Path, sha256: str | None) -> None:
    """Load images from a file; raise InputError, with nothing loaded, if it is not the one that was written.

    `sha256` is what `save` returned; what stands beside the file if None. No image but those of `names` is loaded.
    """
    with open_file(file, str(file)) as content:
        wanted = sha256 or _digest(file)
        found = _sha256(content)
        if found != wanted.lower():
            what = f"{file} is not the file that was saved"
            raise InputError.of(what, f"expected SHA-256 {wanted}\nfound            {found}\n{ANEW}")
        content.seek(0)
        tags = _tags(content, file)
        if tags != {names.base, names.broker, names.router}:
            what = f"{file} holds other images than this mqlab needs: {', '.join(sorted(tags)) or 'none'}"
            raise InputError.of(what, f"needed: {names.base}, {names.broker}, {names.router}\n{ANEW}")
        content.seek(0)
        try:
            client.images.load(content)
        except (DockerException, RequestException) as error:
            raise HostError(f"the Docker engine did not take {file}: {error}", ANEW) from error


def digest_file(file: Path) -> Path:
    """Return the file that the digest of another one stands in, in the form of `sha256sum`."""
    return file.with_name(f"{file.name}.sha256")


def _sha256(content: BinaryIO) -> str:
    total = hashlib.sha256()
    while octets := content.read(_AT_ONCE):
        total.update(octets)
    return total.hexdigest()


def _digest(file: Path) -> str:
    beside = digest_file(file)
    text = read_bytes(beside, str(beside), 1000).decode("ascii", "replace")
    if not (found := re.match(r"([0-9a-fA-F]{64})\s", text)):
        raise InputError.of(f"{beside} holds no SHA-256", f"--sha256 HEX says it; or {ANEW}")
    return found[1]


def _tags(content: BinaryIO, file: Path) -> set[str]:
    """Return the names that a file's images have in it."""
    with suppress(*_NOT_OURS), tarfile.open(fileobj=content, mode="r:") as archive:
        manifest = archive.extractfile("manifest.json")
        if manifest is not None:
            found = json.loads(manifest.read(_LARGEST_MANIFEST))
            return {str(tag) for image in found for tag in image["RepoTags"] or ()}
    raise InputError.of(f"{file} is no file of images", ANEW)
