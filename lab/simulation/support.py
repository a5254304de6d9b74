"""A simulation's treatment of each setting, from `support.toml`: modelled, without effect, or refused by name."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from importlib.resources import files

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


def refused(why: str) -> Support:
    """Return the entry of a setting without a model."""
    return Support(Kind.REFUSED, why)


@cache
def tables() -> Mapping[str, Mapping[str, Support]]:
    """Return the tables of settings: of each element its attributes, and `element` for itself."""
    read = tomllib.loads(files("lab.simulation").joinpath("support.toml").read_text("utf-8"))
    return {table: {name: _support(text) for name, text in lines.items()} for table, lines in read.items()}


def _support(text: str) -> Support:
    head, _, why = text.partition(": ")
    kind, _, harmless = head.partition(" unless ")
    return Support(Kind(kind), why, (harmless,) if harmless else ())
