"""The ingredients of each image, and the name made from them. Pure: the same sources give the same names everywhere.

An image is named by the digest of its ingredients, so that it is built once, and again when one of them changes.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from lab.base.dataclass import dataclass

SUITE = "bookworm"  # Debian 12
_NOT_IN_IMAGES = ("README.md", "archives.toml", "jars-*.txt")


@dataclass(frozen=True, slots=True, kw_only=True)
class Images:
    """The names of the three images."""

    base: str
    broker: str
    router: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingredients:
    """The ingredients of the images: recipes by path, digests of downloads, the engine's architecture."""

    base: Mapping[str, bytes]
    broker: Mapping[str, bytes]
    router: Mapping[str, bytes]
    activemq_version: str
    activemq_sha512: str  # of its archive, or of the list of its jars
    others: tuple[str, ...] = ()  # other releases that some of those jars are of
    jolokia_sha512: str
    architecture: str  # of the engine, in Docker's words: amd64, arm64
    layout: int


def plan_images(made_of: Ingredients) -> Images:
    """Return the names of the three images."""
    base = digest(made_of.base, SUITE, made_of.architecture)
    downloads = (made_of.activemq_version, made_of.activemq_sha512, made_of.jolokia_sha512, str(made_of.layout))
    broker = digest(made_of.broker, base, *downloads)
    router = digest(made_of.router, base)
    processor = re.sub(r"[^a-z0-9_.]", "", made_of.architecture.lower())  # as a tag may have it
    release = "-with-".join((made_of.activemq_version, *made_of.others))
    return Images(
        base=f"mqlab/base:{processor}-{base}",
        broker=f"mqlab/broker:{release}-{processor}-{broker}",
        router=f"mqlab/router:{processor}-{router}",
    )


def digest(files: Mapping[str, bytes], *parts: str) -> str:
    """Return 12 hexadecimal digits for some files and words; the boundaries between them count too."""
    total = hashlib.sha256()
    for part in (
        *(part for path in sorted(files) for part in (path.encode(), files[path])),
        *(word.encode() for word in parts),
    ):
        total.update(len(part).to_bytes(8, "big") + part)
    return total.hexdigest()[:12]


def recipe(folder: Path) -> dict[str, bytes]:
    """Return the files of one image's recipe: path below its folder → content."""
    return {
        str(PurePosixPath(path.relative_to(folder))): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not any(path.match(each) for each in _NOT_IN_IMAGES) and "__pycache__" not in path.parts
    }


def router_recipe(router: Path, link: Path) -> dict[str, bytes]:
    """Return the router's recipe, with the package `lab.link`, which its programs import and which needs no library."""
    return recipe(router) | {f"lab/link/{path}": content for path, content in recipe(link).items()}


def packages(text: bytes) -> tuple[str, ...]:
    """Return the names in a list of Debian packages, one a line."""
    lines = (line.partition("#")[0].strip() for line in text.decode().splitlines())
    return tuple(line for line in lines if line)
