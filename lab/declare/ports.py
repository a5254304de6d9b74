"""The ports of this machine that a topology declares, by the endpoint of a broker that each leads to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, WithJsonSchema, create_model

from lab.activemq.protocols import ENDPOINTS, HOST_PORTS
from lab.declare.fields import Declared, Whole


def _check_port(port: int) -> int:
    if port not in HOST_PORTS:
        raise ValueError(f"{port} is not a port that a lab can have: write {HOST_PORTS[0]} to {HOST_PORTS[-1]}")
    return port


def _one_or_more(raw: Any) -> Any:
    return raw if isinstance(raw, list | tuple) else (raw,)


def _as_written(ports: tuple[int, ...]) -> int | list[int]:
    return ports[0] if len(ports) == 1 else list(ports)


_PORT = {"type": ["integer", "string"], "minimum": HOST_PORTS[0], "maximum": HOST_PORTS[-1], "pattern": r"^\d+$"}
# A port for each instance of the broker.
HostPorts = Annotated[
    tuple[Annotated[Whole, AfterValidator(_check_port)], ...],
    BeforeValidator(_one_or_more),
    PlainSerializer(_as_written, when_used="json"),
    WithJsonSchema({"oneOf": [_PORT, {"type": "array", "minItems": 1, "maxItems": 2, "items": _PORT}]}),
]

_ABOUT = "The port of this machine for the endpoint `{}`; an active/standby pair has a port for each instance."
if TYPE_CHECKING:
    Ports = Declared
else:  # made from the table, whose names no type checker can know
    Ports = create_model(
        "Ports",
        __base__=Declared,
        __doc__="The ports of this machine that lead to a broker, by endpoint.",
        **{
            each.name: (HostPorts | None, Field(default=None, description=_ABOUT.format(each.name)))
            for each in ENDPOINTS
        },
    )


def declared_ports(ports: Ports | None) -> dict[str, tuple[int, ...]]:
    """Return the ports that are declared, by their endpoint's name, each in the order of the broker's instances."""
    if ports is None:
        return {}
    found = {each.name: getattr(ports, each.name) for each in ENDPOINTS}
    return {name: its for name, its in found.items() if its is not None}
