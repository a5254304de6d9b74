"""The step `cut`."""

from __future__ import annotations

from typing import ClassVar

from lab.declare.steps.base import Bridges, Fault
from lab.declare.steps.link import OnLink
from lab.link.impairment import LinkState


class Cut(OnLink):
    """Drop every packet on a link silently, as a broken cable does."""

    verb: ClassVar[str] = "cut"
    fault = Fault.LINK
    bridges = Bridges.DROPPED
    brings = LinkState.CUT
