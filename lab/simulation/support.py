"""A simulation's treatment of a setting: modelled, without effect, or refused by name."""

from __future__ import annotations

from enum import StrEnum

from lab.amazonmq.configurations.deletions import Span
from lab.base.dataclass import dataclass
from lab.errors import Place, Problem

IGNORE = "--ignore"


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

    def refuses(self, text: str) -> bool:
        """Return whether a value of the setting is outside the model."""
        return self.kind is Kind.REFUSED and text.strip().lower() not in self.harmless


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmodelled(Problem):
    """A setting without a model, which `--ignore` may name."""

    setting: str
    tag: str = ""  # the element that has it, if it is no element itself
    text: str  # such as 'persistent="false" of <broker>'
    span: Span | None = None  # what to cut out of the text so that no model sees it; None: no model looks at it
    connector: str = ""  # the network connector that it is of, if it is of one

    @classmethod
    def of_setting(
        cls,
        setting: str,
        text: str,
        problem: str,
        remedy: str,
        place: Place,
        *,
        tag: str = "",
        span: Span | None = None,
        connector: str = "",
    ) -> Unmodelled:
        """Return the problem of a setting, with the option that ignores it among the remedies."""
        remedy += f"\nor simulate without it (dependent expectations are then unknown): {IGNORE} {setting}"
        return cls(
            what=problem,
            remedy=remedy,
            place=place,
            setting=setting,
            tag=tag,
            text=text,
            span=span,
            connector=connector,
        )

    def is_named(self, name: str) -> bool:
        """Return whether an `--ignore` means it: lazyDispatch, policyEntry@lazyDispatch, an element's name."""
        return name in (self.setting, f"{self.tag}@{self.setting}")


MODELLED = Support(Kind.MODELLED)


def no_effect(why: str) -> Support:
    """Return the entry of a setting that has no effect in a simulation, with the reason."""
    return Support(Kind.NO_EFFECT, why)


def refused(why: str, *harmless: str) -> Support:
    """Return the entry of a setting without a model, which is refused unless it has one of the harmless values."""
    return Support(Kind.REFUSED, why, harmless)
