"""Fields that name something: what kind of thing it is stands on the field, and `lab.check.references` looks for it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from functools import cache
from typing import Annotated

from lab.declare.fields import Declared, Each, Name, Pair, Receivers, types_in
from lab.network.vpc import INTERNET


class Thing(Enum):
    """What a field may name."""

    BROKER = auto()
    USER = auto()  # of the broker in the field that must be right first
    LINK = auto()
    END = auto()  # a region, of the link in the field that must be right first
    CONNECTOR = auto()  # of any broker
    OWN_CONNECTOR = auto()  # of the broker in the field that must be right first
    STEP = auto()  # by its verb
    LISTENER = auto()  # a client that subscribes
    CLIENT = auto()  # one that connects, subscribes or consumes
    SNAPSHOT = auto()
    CONFIGURATION = auto()
    PEERING = auto()  # there from the beginning, or by a step
    ROUTE_TABLE = auto()


@dataclass(frozen=True, slots=True)
class Reference:
    """A mark on a field whose value is the name of something, or of several."""

    to: Thing
    once: str = ""  # another field that must be right first; where that is wrong, this one is not looked at
    beside: tuple[str, ...] = ()  # words that name no such thing and are right all the same
    instead: str = ""  # what else to do than to add what is missing


BrokerName = Annotated[Name, Reference(Thing.BROKER)]
LinkName = Annotated[Name, Reference(Thing.LINK)]
LinkEnd = Annotated[Name, Reference(Thing.END, once="link")]
EndName = Annotated[Name, Reference(Thing.BROKER, beside=(INTERNET,))]
OtherEndName = Annotated[Name, Reference(Thing.BROKER, once="source")]  # one unknown end is enough to say
ConnectorName = Annotated[str, Reference(Thing.CONNECTOR, once="broker")]
OwnConnectorName = Annotated[str, Reference(Thing.OWN_CONNECTOR, once="broker")]
UserName = Annotated[str, Reference(Thing.USER, once="broker")]
ClientName = Annotated[Name, Reference(Thing.CLIENT, once="broker")]
SnapshotName = Annotated[Name, Reference(Thing.SNAPSHOT)]
ConfigurationName = Annotated[str, Reference(Thing.CONFIGURATION)]
BrokerPair = Annotated[Pair, Reference(Thing.BROKER)]
SnapshotPair = Annotated[Pair, Reference(Thing.SNAPSHOT)]
Listeners = Annotated[Receivers, Reference(Thing.LISTENER)]
EachListener = Annotated[Each, Reference(Thing.LISTENER)]
PeeringName = Annotated[Name, Reference(Thing.PEERING)]
RouteTableName = Annotated[Name, Reference(Thing.ROUTE_TABLE)]


@cache
def references(model: type[Declared]) -> tuple[tuple[str, Reference], ...]:
    """Return every reference of a model, with the name of its field; one that needs another to be right comes later."""
    return tuple(sorted(_references(model), key=lambda each: bool(each[1].once)))


def _references(model: type[Declared]) -> Iterator[tuple[str, Reference]]:
    for name, field in model.model_fields.items():
        for mark in (*field.metadata, *types_in(field.annotation)):
            if isinstance(mark, Reference):
                yield name, mark
