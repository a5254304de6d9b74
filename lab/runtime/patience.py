"""The longest times, in seconds, that an opening lab waits for its parts; a simulation waits in virtual time."""

from __future__ import annotations

BROKER_PATIENCE = 120.0  # until a broker has started
BRIDGE_PATIENCE = 60.0  # until a bridge is up at both ends
