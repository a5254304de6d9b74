"""The step `flap`."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from lab.declare.fields import Duration, Whole
from lab.declare.steps.base import Bridges, Fault
from lab.declare.steps.link import OnLink


class Flap(OnLink):
    """A link is cut and healed in turns."""

    verb: ClassVar[str] = "flap"
    fault = Fault.FLAPPING
    bridges = Bridges.RAISED
    times: Whole = Field(ge=1, le=10_000)
    down: Duration  # cut for so long
    up: Duration  # healed for so long, before the next cut
