"""The expectation `answered`: each request got its answer, once and in time."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

from lab.declare.destination_fields import Addressed
from lab.declare.expectations.base import Expectation
from lab.declare.fields import Duration


class AnsweredExpectation(Expectation, Addressed):
    """Each request that was accepted got one answer, in the temporary queue that it named."""

    kind: ClassVar[str] = "answered"
    rests_on_sending: ClassVar[bool] = True
    within: Duration = timedelta(seconds=10)  # after its sending, for each request
