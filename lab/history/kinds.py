"""All kinds of Observation, by the name that a line of a history has for the kind."""

from __future__ import annotations

from collections.abc import Mapping

from lab.history import brokers_seen, clients_seen, network_seen, observed  # noqa: F401 (their classes are kinds)
from lab.history.observation import Observation

KINDS: Mapping[str, type[Observation]] = {
    str(kind.__struct_config__.tag): kind for kind in Observation.__subclasses__()
}
