"""The base class of steps that ask Amazon MQ for a change."""

from __future__ import annotations

from lab.declare.steps.account import OnAccount
from lab.declare.steps.base import Part


class OfService(OnAccount):
    """A step that asks Amazon MQ for a change of its records."""

    changes = Part.RECORDS
