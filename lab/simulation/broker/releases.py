"""What one line of ActiveMQ's releases does otherwise than the others, within a broker; others are not modelled."""

from __future__ import annotations

from collections.abc import Mapping

from lab.dataclass import dataclass
from lab.errors import PlanError


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The differences between 5.16.7, 5.17.6 and 5.18.3: their classes of `broker/region` were compared."""

    duplicates_die: bool  # the default of sendDuplicateFromStoreToDLQ: AMQ-8440
    expired_is_discarded: bool  # what expires while it waits for a topic's slow consumer counts as discarded: AMQ-9168


_RULES: Mapping[str, Rules] = {
    "5.16": Rules(duplicates_die=True, expired_is_discarded=True),
    "5.17": Rules(duplicates_die=False, expired_is_discarded=False),
    "5.18": Rules(duplicates_die=False, expired_is_discarded=False),
}


def why_not(release: str) -> tuple[str, str] | None:
    """Return that a release such as 5.19.1 is not modelled, and which are; None if it is."""
    if ".".join(release.split(".")[:2]) in _RULES:
        return None
    return f"the simulation has no model of ActiveMQ {release}", f"it has: {', '.join(_RULES)}"


def rules(release: str) -> Rules:
    """Return the rules of a release such as 5.18.3; raise PlanError if it is not modelled."""
    if (wrong := why_not(release)) is not None:
        raise PlanError(*wrong)
    return _RULES[".".join(release.split(".")[:2])]
