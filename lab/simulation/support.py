"""What a simulation makes of a setting: it models it, it can do without it, or it refuses it by name."""

from __future__ import annotations

from enum import StrEnum

from lab.dataclass import dataclass


class Kind(StrEnum):
    """How far the model goes."""

    MODELLED = "modelled"
    NO_EFFECT = "without effect"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Support:
    """The model's answer to one setting: modelled, without effect here, or refused."""

    kind: Kind
    why: str = ""  # it has no effect, or is refused; or what would do instead
    harmless: tuple[str, ...] = ()  # values of a refused one with which ActiveMQ does as the model does

    def refuses(self, value: str) -> bool:
        """Return whether a value of it is outside the model."""
        return self.kind is Kind.REFUSED and value.strip().lower() not in self.harmless


MODELLED = Support(Kind.MODELLED)


def no_effect(why: str) -> Support:
    """Return what says that a setting changes nothing here, and why."""
    return Support(Kind.NO_EFFECT, why)


def refused(why: str, *harmless: str) -> Support:
    """Return what says that a setting is outside the model, unless it has one of the harmless values."""
    return Support(Kind.REFUSED, why, harmless)
