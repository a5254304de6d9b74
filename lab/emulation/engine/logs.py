"""The logs of a lab's containers: read while the lab lives, saved before it is removed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import docker.errors
from docker.models.containers import Container

import docker
from lab.base.masking import Mask
from lab.base.text_files import open_private
from lab.emulation.engine import labels
from lab.emulation.engine.answers import MOST_LINE_BYTES
from lab.emulation.engine.engine import explained
from lab.errors import InputError

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]")


def containers(client: docker.DockerClient, run: str) -> tuple[tuple[str, Container], ...]:
    """Return (name, container) for each container of a lab, sorted; the name is an instance's, or "router".

    An application's own containers are skipped: their logs may have secrets that no lab knows.
    """
    listed = client.containers.list(all=True, filters={"label": f"{labels.RUN}={run}"}, ignore_removed=True)
    found = [each for each in listed if labels.HOST not in each.labels and each.labels.get(labels.ROLE) != "trust"]
    named = ((each.labels.get(labels.BROKER) or each.labels.get(labels.ROLE, "container"), each) for each in found)
    return tuple(sorted(named, key=lambda pair: pair[0]))


def save(client: docker.DockerClient, run: str, folder: Path, mask: Mask) -> None:
    """Write the log of each container of a lab to a file in `folder`, with passwords masked.

    A log that the engine does not give keeps no other one from being written; the first error of that kind is raised.
    """
    folder.mkdir(parents=True, exist_ok=True)
    refused: list[docker.errors.APIError] = []
    for name, container in containers(client, run):
        try:
            text = container.logs(timestamps=False)
        except docker.errors.NotFound:
            continue
        except docker.errors.APIError as error:
            refused.append(error)
            continue
        with open(folder / f"{_UNSAFE.sub('_', name)}.log", "wb", opener=open_private) as file:
            file.write(mask.text(text.decode(errors="surrogateescape")).encode(errors="surrogateescape"))
    if refused:
        raise refused[0]


def lines(client: docker.DockerClient, run: str, name: str, *, tail: int | None, follow: bool) -> Iterator[str]:
    """Yield the lines of a container's log, the last `tail` or all; InputError if the lab has no container `name`."""
    with explained():
        there = dict(containers(client, run))
        if name not in there:
            raise InputError.of(f'lab {run} has nothing named "{name}"', f"name one of: {', '.join(there)}")
        yield from whole_lines(there[name].logs(stream=True, follow=follow, tail="all" if tail is None else tail))


def whole_lines(chunks: Iterable[bytes]) -> Iterator[str]:
    """Yield the lines of a stream, wherever its chunks end; only a line feed ends a line, or a MiB without any."""
    part = b""
    for chunk in chunks:
        *lines, part = (part + chunk).split(b"\n")
        for line in lines:
            yield line.decode(errors="replace").removesuffix("\r")
        if len(part) > MOST_LINE_BYTES:
            yield part.decode(errors="replace")
            part = b""
    if part:
        yield part.decode(errors="replace")
