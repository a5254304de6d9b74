"""link: the links of a running lab, cut, healed and impaired by hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated

import typer

from lab.base.descriptions import summary
from lab.cli import completion, open_lab, options
from lab.cli.open_lab import OF_RUN
from lab.cli.options import JSON
from lab.cli.verb_command import option
from lab.declare.steps.base import OnLink
from lab.declare.steps.links import Cut, Heal, Reject
from lab.declare.topology import ImpairmentFields
from lab.link.impairment import FIGURES
from lab.living import verb_arguments
from lab.living.lab import Live
from lab.runtime.status import DirectionNow

LINK = Annotated[
    str | None,
    typer.Argument(
        metavar="[LINK]",
        help="The link, named as its two regions joined by a dash (default: the only link).",
        autocompletion=completion.links,
    ),
]
LEAVING = Annotated[str | None, option(Cut, "leaving")]
_FIGURES = {
    (field := each.key.replace("-", "_")): Annotated[str | None, option(ImpairmentFields, field, metavar=each.kind)]
    for each in FIGURES
}


def show(run: OF_RUN = None, json: JSON = False) -> None:
    """List the links, with the state of each direction.

    Example: mqlab link list
    """
    with open_lab.attached(run) as live:
        _print(live.links(), json)


def _on_link(kind: type[OnLink]) -> Callable[..., None]:
    """Return the command of a verb without figures."""
    verb: Callable[..., Sequence[DirectionNow]] = getattr(Live, kind.verb)

    def command(link: LINK = None, leaving: LEAVING = None, run: OF_RUN = None, json: JSON = False) -> None:
        with open_lab.in_turn(run) as live:
            _print(verb(live, link, leaving=leaving), json)

    command.__doc__ = f"{summary(kind)}\n\nExample: mqlab link {kind.verb} tokyo-singapore --leaving tokyo"
    return command


def impair(
    link: LINK = None, leaving: LEAVING = None, run: OF_RUN = None, json: JSON = False, **figures: str | None
) -> None:
    """Replace all impairments of a link; an omitted setting returns to its default.

    Example: mqlab link impair tokyo-singapore --delay 80ms --jitter 5ms
    """
    fields = verb_arguments.impairment(figures, "--")
    with open_lab.in_turn(run) as live:
        _print(live.impair(link, leaving=leaving, **fields), json)


def _print(directions: Sequence[DirectionNow], json: bool) -> None:
    lines = (
        f"{'' if each.changed is None else f'{each.changed:.3f} s: '}"
        f"{each.link}: {each.leaving} → {each.reaching} {each.state}, {each.impairment}"
        for each in directions
    )
    options.show([each.to_dict() for each in directions], lines, json)


VERBS = {
    "list": show,
    "cut": _on_link(Cut),
    "heal": _on_link(Heal),
    "reject": _on_link(Reject),
    "impair": options.spelled(impair, _FIGURES, after="link"),
}
