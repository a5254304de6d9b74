"""`docker build` by the engine's API: a context made on the fly, no network, and the last lines if a step fails."""

from __future__ import annotations

import tarfile
import tempfile
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import IO, cast

from docker.errors import APIError

import docker
from lab.base.dataclass import dataclass
from lab.emulation.engine import labels
from lab.emulation.images.downloads import Say
from lab.errors import HostError

DIGEST = "mqlab.digest"
_LAST_LINES = 30  # of a failed build


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextFile:
    """A file of the build's context."""

    path: str
    size: int
    content: IO[bytes]


def from_bytes(files: Mapping[str, bytes]) -> Iterator[ContextFile]:
    """Yield recipe files, path → content, as files of the context."""
    for path in sorted(files):
        yield ContextFile(path=path, size=len(files[path]), content=BytesIO(files[path]))


def from_file(path: str, source: Path) -> Iterator[ContextFile]:
    """Yield one file of this machine as a file of the context, under `path`; it is open until the next one is taken."""
    with source.open("rb") as content:
        yield ContextFile(path=path, size=source.stat().st_size, content=content)


def image_labels(name: str) -> dict[str, str]:
    """Return the labels of an image of mqlab, by its name."""
    return {labels.ROLE: "image", DIGEST: name.rpartition(":")[2].rpartition("-")[2]}


def exists(client: docker.DockerClient, name: str) -> bool:
    """Return whether the engine has an image of that name."""
    return bool(client.api.images(name=name, quiet=True))


def build(client: docker.DockerClient, name: str, base: str, files: Iterable[ContextFile], say: Say) -> None:
    """Build and name an image from the image `base`; raise HostError with the last lines if a step fails."""
    lines: deque[str] = deque(maxlen=_LAST_LINES)
    with tempfile.TemporaryFile() as context:
        write_context(context, files)
        context.seek(0)
        try:
            stream = client.api.build(
                fileobj=context,
                custom_context=True,
                tag=name,
                buildargs={"BASE": base},
                labels=image_labels(name),
                network_mode="none",
                rm=True,
                forcerm=True,
                decode=True,
            )
            for said in stream:
                if "error" in said:
                    raise failed(name, str(said["error"]), lines)
                for line in str(said.get("stream", "")).splitlines():
                    if line.strip():
                        lines.append(line)
                        if line.startswith("Step "):
                            say(f"building {name}: {line[5:80]}")
        except APIError as error:
            raise failed(name, str(error.explanation or error), lines) from error


def failed(name: str, why: str, lines: Iterable[str]) -> HostError:
    """Return the error of a failed build, with the build's last lines."""
    tail = "\n".join(f"  | {line}" for line in lines)
    return HostError(f"building {name} failed: {why}", f"the build's last lines:\n{tail}")


def write_context(context: IO[bytes], files: Iterable[ContextFile]) -> None:
    """Write a build's context; times and owners are fixed, so that the same files give the same layers."""
    with tarfile.open(fileobj=context, mode="w") as tar:
        for file in files:
            entry = tarfile.TarInfo(file.path)
            entry.size = file.size
            entry.mode = 0o755 if file.path.endswith(".sh") else 0o644
            entry.mtime = 1_700_000_000
            tar.addfile(entry, file.content)


def take_root(client: docker.DockerClient, name: str, tar: Iterable[bytes], changes: Sequence[str]) -> None:
    """Make an image of one layer from the tar of a whole root file system, in chunks."""
    repository, _, tag = name.partition(":")
    # A generator, since the library spoils the request if it is given an open file.
    body = cast("bytes", (chunk for chunk in tar))
    said = client.api.import_image_from_stream(body, repository=repository, tag=tag, changes=list(changes))
    if '"error"' in said:
        raise HostError(f"the Docker engine did not accept {name}: {said[-500:]}")


def chunks(file: Path) -> Iterator[bytes]:
    """Yield a file's content in chunks of 1 MiB."""
    with file.open("rb") as stream:
        while piece := stream.read(2**20):
            yield piece
