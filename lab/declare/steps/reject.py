"""The step `reject`."""

from __future__ import annotations

from typing import ClassVar

from lab.declare.steps.base import Bridges, Fault
from lab.declare.steps.link import OnLink
from lab.link.impairment import LinkState


class Reject(OnLink):
    """Answer every packet on a link as a closed port would."""

    verb: ClassVar[str] = "reject"
    fault = Fault.LINK
    bridges = Bridges.DROPPED
    brings = LinkState.REJECT
