"""The problems of the configurations of a topology that cannot be read as a whole, all at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lab.activemq import releases
from lab.amazonmq.configurations.configuration import read
from lab.amazonmq.configurations.connector_problems import connector_problems
from lab.amazonmq.configurations.permitted_elements import permitted
from lab.amazonmq.configurations.sanitising import sanitise
from lab.errors import InputError, Problem


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
