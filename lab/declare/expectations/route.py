"""The expectation `route`: the state of a route."""

from __future__ import annotations

from typing import ClassVar, Literal

from lab.declare.expectations.base import Expectation
from lab.declare.references import RouteTableName
from lab.declare.steps.base import Part
from lab.declare.vpc import Block


class RouteIs(Expectation):
    """A route is in a state at the end."""

    kind: ClassVar[str] = "route"
    of_network: ClassVar[bool] = True
    rests_on: ClassVar[Part] = Part.NETWORK
    table: RouteTableName
    destination: Block
    state: Literal["active", "blackhole", "none"]
