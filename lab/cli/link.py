"""link: the links of a running lab, cut, healed and impaired by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from lab.base.descriptions import summary
from lab.cli import open_lab, options
from lab.cli.open_lab import OF_RUN
from lab.cli.options import JSON, argument
from lab.cli.verb_command import field_option
from lab.declare.steps import STEPS
from lab.declare.steps.base import OnLink
from lab.declare.topology import ImpairmentFields
from lab.link.impairment import FIGURES
from lab.living import verb_arguments
from lab.living.lab import Live
from lab.runtime.status import DirectionNow

LINK = argument("[LINK]", "The link, named as its two regions joined by a dash (default: the only link).")
_FIGURES = {each.key.replace("-", "_"): each.kind for each in FIGURES}


def show(run: str | None = OF_RUN, json: bool = JSON) -> None:
    """List the links, with the state of each direction.

    Example: mqlab link list
    """
    with open_lab.attached(run) as live:
        _print(live.links(), json)


def _on_link(verb: str, example: str, figures: Mapping[str, str] = {}) -> Callable[..., int | None]:
    """Return the command of a verb on a link; `figures` has the metavar of each figure that it takes."""
    change: Callable[..., Sequence[DirectionNow]] = getattr(Live, verb)

    def command(link: str | None, leaving: str | None, run: str | None, json: bool, **given: str | None) -> None:
        fields = verb_arguments.impairment(given, "--") if figures else {}
        with open_lab.in_turn(run) as live:
            _print(change(live, link, leaving=leaving, **fields), json)

    optional = str | None
    parameters = {"link": (optional, LINK)}
    for field, kind in figures.items():
        parameters[field] = (optional, field_option(ImpairmentFields, field, metavar=kind))
    parameters |= {"leaving": (optional, field_option(OnLink, "leaving")), "run": (optional, OF_RUN)}
    return options.declared(
        command, f"{summary(STEPS[verb])}\n\nExample: mqlab link {verb} {example}", parameters | {"json": (bool, JSON)}
    )


def _print(directions: Sequence[DirectionNow], json: bool) -> None:
    lines = (
        f"{'' if each.changed is None else f'{each.changed:.3f} s: '}"
        f"{each.link}: {each.leaving} → {each.reaching} {each.state}, {each.impairment}"
        for each in directions
    )
    options.show([each.to_dict() for each in directions], lines, json)


_ONE_WAY = "tokyo-singapore --leaving tokyo"
link = {
    "list": show,
    "cut": _on_link("cut", _ONE_WAY),
    "heal": _on_link("heal", _ONE_WAY),
    "reject": _on_link("reject", _ONE_WAY),
    "impair": _on_link("impair", "tokyo-singapore --delay 80ms --jitter 5ms", _FIGURES),
}
