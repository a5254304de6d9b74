"""A Topology → the text of its file, and the texts of the configurations that it names."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from lab.declare.topology import Topology
from lab.declare.yaml_writing import comment, lines

Password = Callable[[str, str], Any]  # broker, user → the password as a file has it


def topology_files(
    topology: Topology, password: Password, *, file: str, folder: str, notes: Iterable[str] = ()
) -> dict[str, str]:
    """Return texts by file: the topology's, which begins with `notes`, and those of the configurations in `folder`.

    Default values are omitted. Brokers with one text share a file.
    """
    content = topology.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    files: dict[str, str] = {}
    for name, broker in topology.brokers.items():
        written = content["brokers"][name]
        if broker.configuration is not None:
            written["configuration"] = add_text(files, f"{folder}/{file_stem(name)}", broker.configuration.text)
        order = [each.alias or key for key, each in type(broker).model_fields.items()]
        written["engine-version"] = broker.engine_version  # the default may change
        content["brokers"][name] = written = {key: written[key] for key in order if key in written}
        for user in broker.users:
            written["users"][user]["password"] = password(name, user)
    head = [comment(note) for note in notes]
    return {file: "\n".join((*head, *lines(content), "")), **files}


def file_stem(name: str) -> str:
    """Return a file name for a name: with characters that every system permits, and never a path."""
    return re.sub(r"[^A-Za-z0-9_-]", "-", name)[:60] or "-"


def add_text(files: dict[str, str], stem: str, text: str) -> str:
    """Add the text of a configuration, unless it is there, and return the path of its file."""
    for path, other in files.items():
        if other == text:
            return path
    number, path = 1, f"{stem}.xml"
    while path.lower() in {each.lower() for each in files}:
        number += 1
        path = f"{stem}-{number}.xml"
    files[path] = text
    return path
