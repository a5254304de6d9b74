"""The form of a handler: one function for each operation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from lab.extras.api.call import Call
from lab.extras.api.served_account import ServedAccount

# The request and the answer have the member names of the service's model; timestamps are aware datetimes.
Handler = Callable[[ServedAccount, Call, Mapping[str, Any]], Mapping[str, Any]]
