"""How each direction of a lab's links is set now, asked of the router: it alone knows what was done to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lab.emulation.network.router import Router
from lab.link.impairment import read_setting
from lab.network.link import words
from lab.plan.values import LinkPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectionNow:
    """One direction of a link, in the router's figures."""

    link: str
    leaving: str
    reaching: str
    figures: Mapping[str, Any]

    @property
    def state(self) -> str:
        """Return its state: open, cut or reject."""
        return str(self.figures["state"])

    @property
    def impairment(self) -> str:
        """Say what it does to packets, in the words of a scenario file."""
        return words(read_setting(self.figures, self.leaving).impairment)

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON-able values."""
        return {"link": self.link, "leaving": self.leaving, "reaching": self.reaching, **self.figures}


def look(router: Router, link: LinkPlan) -> tuple[DirectionNow, ...]:
    """Ask for both directions of one link."""
    answer = router.ask(link.name, "get")["directions"]
    return tuple(
        DirectionNow(
            link=link.name, leaving=way.leaving, reaching=way.reaching, figures=answer[way.leaving]["impairment"]
        )
        for way in link.directions
    )
