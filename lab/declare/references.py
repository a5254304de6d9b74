"""Marks on fields that refer to something by name: a broker, a link, a step. `lab.check.references` checks them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import Enum, auto
from functools import cache
from typing import Annotated, Any

from lab.base.dataclass import dataclass
from lab.declare.fields import Declared, Each, Name, Names, Pair, Receivers, types_in
from lab.network.vpc import INTERNET


class Thing(Enum):
    """The kinds of things that a field may name."""

    BROKER = auto()
    ORIGIN = auto()  # where a connection begins: a broker, or a host
    USER = auto()  # of the broker that the field `needs` names
    LINK = auto()
    END = auto()  # a region, of the link that the field `needs` names
    CONNECTOR = auto()  # of any broker
    OWN_CONNECTOR = auto()  # of the broker that the field `needs` names
    STEP = auto()  # by its verb, or by a name of its own
    LISTENER = auto()  # a client that a step subscribes, or an application
    SENDER = auto()  # an application, or a client that a step connects
    BROWSER = auto()  # a client that a step lets browse
    CLIENT = auto()  # a client that a step connects, subscribes or lets consume
    SNAPSHOT = auto()
    CONFIGURATION = auto()
    PEERING = auto()  # declared in the topology, or created by a step
    ROUTE_TABLE = auto()


@dataclass(frozen=True, slots=True)
class Reference:
    """A mark on a field whose value is the name of something, or of several."""

    to: Thing
    needs: str = ""  # another field: if its value is unknown, this one is not checked
    also: tuple[str, ...] = ()  # words that are valid too, though they name no such thing
    # Of a step: whether one of a kind may be named by its verb; a step with a name of its own may be of any kind.
    kinds: Callable[[type[Any]], bool] | None = None
    alone: str = ""  # of a step that is of one of these kinds also where it has a name of its own: a remedy
    instead: str = ""  # in a remedy: the alternative to adding the missing thing


BrokerName = Annotated[Name, Reference(Thing.BROKER)]
LinkName = Annotated[Name, Reference(Thing.LINK)]
LinkEnd = Annotated[Name, Reference(Thing.END, needs="link")]
OriginName = Annotated[Name, Reference(Thing.ORIGIN, also=(INTERNET,))]
OtherEndName = Annotated[Name, Reference(Thing.BROKER, needs="source")]  # one unknown end is enough to report
ConnectorName = Annotated[str, Reference(Thing.CONNECTOR, needs="broker")]
OwnConnectorName = Annotated[str, Reference(Thing.OWN_CONNECTOR, needs="broker")]
UserName = Annotated[str, Reference(Thing.USER, needs="broker")]
BrowserName = Annotated[Name, Reference(Thing.BROWSER)]
ClientName = Annotated[Name, Reference(Thing.CLIENT, needs="broker")]
SnapshotName = Annotated[Name, Reference(Thing.SNAPSHOT)]
ConfigurationName = Annotated[str, Reference(Thing.CONFIGURATION)]
BrokerPair = Annotated[Pair, Reference(Thing.BROKER)]
SnapshotPair = Annotated[Pair, Reference(Thing.SNAPSHOT)]
Listeners = Annotated[Receivers, Reference(Thing.LISTENER)]
EachListener = Annotated[Each, Reference(Thing.LISTENER)]
Senders = Annotated[Names, Reference(Thing.SENDER)]
ListenerName = Annotated[Name, Reference(Thing.LISTENER)]
PeeringName = Annotated[Name, Reference(Thing.PEERING)]
RouteTableName = Annotated[Name, Reference(Thing.ROUTE_TABLE)]


@cache
def references(model: type[Declared]) -> tuple[tuple[str, Reference], ...]:
    """Return (field, reference) for each reference of a model; references that need another field come last."""
    return tuple(sorted(_marks(model), key=lambda each: bool(each[1].needs)))


def _marks(model: type[Declared]) -> Iterator[tuple[str, Reference]]:
    for name, field in model.model_fields.items():
        for mark in (*field.metadata, *types_in(field.annotation)):
            if isinstance(mark, Reference):
                yield name, mark
