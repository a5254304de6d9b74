"""The expectation `answered`: each request got its answer, once and in time."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

from lab.declare.destination_fields import Addressed
from lab.declare.expectations.base import Expectation
from lab.declare.fields import Duration


class AnsweredExpectation(Expectation, Addressed):
    """Each accepted request received exactly one answer in time."""

    kind: ClassVar[str] = "answered"
    depends_on_sending: ClassVar[bool] = True
    within: Duration = timedelta(seconds=10)
    """The maximum time from sending a request to receiving its answer."""
