"""Configurations in a topology: their text inside its file, and the problems of those that cannot be read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lab.activemq import releases
from lab.amazonmq.configurations.configuration import read
from lab.amazonmq.configurations.connector_problems import connector_problems
from lab.amazonmq.configurations.permitted_elements import permitted
from lab.amazonmq.configurations.sanitising import sanitise
from lab.amazonmq.configurations.source import Source
from lab.declare.yaml_reading import Document, Spot
from lab.errors import InputError, Problem


def is_xml(text: str) -> bool:
    """Return whether a text is a configuration itself, not the path of one."""
    return text.lstrip("\ufeff \t\r\n").startswith("<")


def source_of(text: str, spot: Spot, document: Document) -> Source:
    """Return the source of a text that is written at a spot of a document; raise InputError if not with `|`."""
    head, _, body = document.text[spot.start : spot.end].partition("\n")
    if not head.startswith("|"):
        what = "a configuration that is written here has to keep its lines"
        raise InputError.of(what, "write configuration: | and the XML on the lines below it, indented", spot.place)
    pairs = zip(body.split("\n"), text.split("\n"), strict=False)
    indent = next((len(raw.rstrip("\r")) - len(line) for raw, line in pairs if line.strip()), 0)
    return Source(file=document.file, line=spot.place.line + 1, indent=indent)


def configuration_problems(topology: Any) -> Iterator[Problem]:
    """Yield the Problems of each configuration's text alone, as loading has put it into the topology's content."""
    brokers = topology.get("brokers") if isinstance(topology, dict) else None
    for broker in brokers.values() if isinstance(brokers, dict) else ():
        written = broker.get("configuration") if isinstance(broker, dict) else None
        if not isinstance(written, dict) or not written.get("text"):
            continue
        version = broker.get("engine-version", releases.DEFAULT)
        try:
            configuration = read(written["text"].encode(), written.get("source") or written["file"])
        except InputError as error:
            yield from error.problems
            continue
        if isinstance(version, str) and permitted(version) is not None:
            yield from connector_problems(sanitise(configuration, version).configuration)
