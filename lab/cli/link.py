"""link: the links of a running lab, cut, healed and impaired by hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated

import typer

from lab.cli import completion, open_lab, options
from lab.cli.open_lab import OF_RUN
from lab.cli.options import JSON
from lab.link.impairment import FIGURES
from lab.living import verb_arguments
from lab.living.lab import Live
from lab.runtime.status import DirectionNow

LINK = Annotated[
    str | None,
    typer.Argument(
        metavar="[LINK]", help="Its name; not needed where there is one only.", autocompletion=completion.links
    ),
]
LEAVING = Annotated[
    str | None,
    typer.Option(
        "--leaving",
        metavar="REGION",
        help="Only what leaves this region; both ways otherwise.",
        autocompletion=completion.regions,
    ),
]

_FIGURES = {
    each.key.replace("-", "_"): Annotated[str | None, typer.Option(metavar=each.kind, help=each.about)]
    for each in FIGURES
}


def show(run: OF_RUN = None, json: JSON = False) -> None:
    """List the links, each direction as it is now."""
    with open_lab.attached(run) as live:
        _print(live.links(), json)


def _on_link(verb: Callable[..., Sequence[DirectionNow]], does: str) -> Callable[..., None]:
    """Return the command of a verb without figures."""

    def command(link: LINK = None, leaving: LEAVING = None, run: OF_RUN = None, json: JSON = False) -> None:
        with open_lab.in_turn(run) as live:
            _print(verb(live, link, leaving=leaving), json)

    command.__doc__ = does
    return command


def impair(
    link: LINK = None, leaving: LEAVING = None, run: OF_RUN = None, json: JSON = False, **figures: str | None
) -> None:
    """Replace what the link does to packets as a whole: what is not said is not done any more."""
    fields = verb_arguments.impairment(figures, "--")
    with open_lab.in_turn(run) as live:
        _print(live.impair(link, leaving=leaving, **fields), json)


def _print(found: Sequence[DirectionNow], json: bool) -> None:
    lines = (
        f"{'' if each.changed is None else f'{each.changed:.3f} s: '}"
        f"{each.link}: {each.leaving} → {each.reaching} {each.state}, {each.impairment}"
        for each in found
    )
    options.show([each.to_dict() for each in found], lines, json)


VERBS = {
    "list": show,
    "cut": _on_link(Live.cut, "Drop every packet silently, as a broken cable does."),
    "heal": _on_link(Live.heal, "Let packets pass again, impaired as before."),
    "reject": _on_link(Live.reject, "Answer every packet as a closed port would."),
    "impair": options.spelled(impair, _FIGURES, after="link"),
}
