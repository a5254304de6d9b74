"""The table of EC2's operations."""

from __future__ import annotations

from collections.abc import Mapping

from lab.api.handler import Handler

OPERATIONS: Mapping[str, Handler] = {}
