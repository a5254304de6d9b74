"""The expectation `route`: the state of a route."""

from __future__ import annotations

from typing import ClassVar, Literal

from lab.declare.expectations.base import Expectation
from lab.declare.references import RouteTableName
from lab.declare.steps.base import Part
from lab.declare.vpc import Block


class RouteIs(Expectation):
    """A route is in the given state when the run ends."""

    kind: ClassVar[str] = "route"
    of_network: ClassVar[bool] = True
    depends_on: ClassVar[Part] = Part.NETWORK
    table: RouteTableName
    """The name of the route table."""
    destination: Block
    """The CIDR block of the route."""
    state: Literal["active", "blackhole", "none"]
    """The state of the route; `none` means that the route does not exist."""
