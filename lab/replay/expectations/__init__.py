"""The conditions that end a wait, because an expectation is true, registered for the classes of the expectations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lab.declare.expectations.base import Term
from lab.declare.kinds import Registry
from lab.replay.rehearsal import Rehearsal

conditions: Registry[Callable[[Rehearsal, Any, Term], Callable[[], bool]]] = Registry(
    __name__, {word: [word] for word in ["bridge", "demand", "log"]}
)
