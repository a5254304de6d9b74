"""The step `heal`."""

from __future__ import annotations

from typing import ClassVar

from lab.declare.steps.base import Bridges, Fault
from lab.declare.steps.link import OnLink
from lab.link.impairment import LinkState


class Heal(OnLink):
    """Let packets pass a link again, impaired as before."""

    verb: ClassVar[str] = "heal"
    fault = Fault.LINK
    bridges = Bridges.RAISED
    brings = LinkState.OPEN
