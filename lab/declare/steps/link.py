"""What the steps on a link share."""

from __future__ import annotations

from lab.declare.fields import Name
from lab.declare.steps.base import Step


class OnLink(Step):
    """A step that changes a link."""

    link: Name
    leaving: Name | None = None  # one direction only: the region it leaves; both when left out
