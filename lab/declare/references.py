"""Fields that name something: what kind of thing it is stands on the field, and `lab.check.references` looks for it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from functools import cache
from typing import Annotated

from lab.declare.fields import Declared, Name, types_in
from lab.network.vpc import INTERNET


class Thing(Enum):
    """What a field may name."""

    BROKER = auto()
    USER = auto()  # of the broker in the field that must be right first
    LINK = auto()
    END = auto()  # a region, of the link in the field that must be right first
    CONNECTOR = auto()  # of any broker
    OWN_CONNECTOR = auto()  # of the broker in the field that must be right first


@dataclass(frozen=True, slots=True)
class Reference:
    """A mark on a field whose value is the name of something, or of several."""

    to: Thing
    once: str = ""  # another field that must be right first; where that is wrong, this one is not looked at
    beside: tuple[str, ...] = ()  # words that name no such thing and are right all the same


BrokerName = Annotated[Name, Reference(Thing.BROKER)]
LinkName = Annotated[Name, Reference(Thing.LINK)]
LinkEnd = Annotated[Name, Reference(Thing.END, once="link")]
EndName = Annotated[Name, Reference(Thing.BROKER, beside=(INTERNET,))]
OtherEndName = Annotated[Name, Reference(Thing.BROKER, once="source")]  # one unknown end is enough to say
ConnectorName = Annotated[str, Reference(Thing.CONNECTOR, once="broker")]
OwnConnectorName = Annotated[str, Reference(Thing.OWN_CONNECTOR, once="broker")]
UserName = Annotated[str, Reference(Thing.USER, once="broker")]


@cache
def references(model: type[Declared]) -> tuple[tuple[str, Reference], ...]:
    """Return every reference of a model, with the name of its field."""
    return tuple(_references(model))


def _references(model: type[Declared]) -> Iterator[tuple[str, Reference]]:
    for name, field in model.model_fields.items():
        for mark in (*field.metadata, *types_in(field.annotation)):
            if isinstance(mark, Reference):
                yield name, mark
