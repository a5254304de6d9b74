"""The performers of the steps that are no verbs of a lab, registered for the classes of the steps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lab.declare.kinds import Registry
from lab.replay.rehearsal import Rehearsal
from lab.replay.turn import Outcome, Turn

# A performer returns None if its step goes on in the background.
performers: Registry[Callable[[Rehearsal, Any, Turn], Outcome | None]] = Registry(
    __name__, "clients", "flow", "messages publish consume", "network", "replay"
)
