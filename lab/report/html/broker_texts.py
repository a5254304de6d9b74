"""The contents of a run folder's files, and the brokers' configurations that a page shows of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from lab.base.dataclass import dataclass
from lab.report.trace import Trace

LARGEST_FILE, LARGEST_FILES = 200_000, 1_500_000  # characters of the brokers' files, each and together


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """The contents of a run folder's files beside its history."""

    brokers: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # broker → its activemq.xml, and later ones
    scenario: str = "SCENARIO"  # the name of the scenario's file
    traces: tuple[Trace, ...] = ()  # of messages that are worth a look
    film: str = ""  # the address of the run's film, if it has one


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerText:
    """A broker's configuration as text."""

    broker: str
    text: str
    name: str


def broker_texts(files: Files, declared: Mapping[str, object]) -> tuple[BrokerText, ...]:
    """Return the configurations of each broker; without files, the ones that the history declares."""
    texts = [
        (broker, text, name + _position(number, len(its)))
        for broker, its in files.brokers.items()
        for number, (name, text) in enumerate(its.items(), 1)
    ]
    topology = declared.get("topology")
    if not texts and isinstance(topology, Mapping):
        for broker, fields in topology.get("brokers", {}).items():
            if "configuration" in fields:
                texts.append((broker, str(fields["configuration"]["text"]), "the configuration as declared"))
    left = LARGEST_FILES
    found = []
    for broker, text, name in texts:
        most = max(0, min(LARGEST_FILE, left))
        left -= len(text[:most])
        if len(text) > most:
            name = f"{name}, its first {most:,} of {len(text):,} characters"
        found.append(BrokerText(broker=broker, text=text[:most], name=name))
    return tuple(found)


def _position(number: int, count: int) -> str:
    """Return the position of a file among several of one broker, in words; "" if it is the only one."""
    if count == 1:
        return ""
    return ", at the beginning" if number == 1 else ", at the end" if number == count else ", then"
