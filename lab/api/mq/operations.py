"""The table of Amazon MQ's operations."""

from __future__ import annotations

from collections.abc import Mapping

from lab.api.handler import Handler

OPERATIONS: Mapping[str, Handler] = {}
