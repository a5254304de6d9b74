"""link: the links of a running lab, cut, healed and impaired by hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated

import typer

from lab.cli import open_lab, options
from lab.cli.open_lab import OF_RUN
from lab.cli.options import JSON, ending
from lab.link.impairment import FIGURES
from lab.living import words
from lab.living.lab import Live
from lab.runtime.status import DirectionNow

LINK = Annotated[str | None, typer.Argument(metavar="[LINK]", help="Its name; not needed where there is one only.")]
LEAVING = Annotated[
    str | None, typer.Option("--leaving", metavar="REGION", help="Only what leaves this region; both ways otherwise.")
]

_FIGURES = {
    each.key.replace("-", "_"): Annotated[str | None, typer.Option(metavar=each.kind, help=each.about)]
    for each in FIGURES
}

_VERBS = (
    ("cut", Live.cut, "Drop every packet silently, as a broken cable does."),
    ("heal", Live.heal, "Let packets pass again, impaired as before."),
    ("reject", Live.reject, "Answer every packet as a closed port would."),
)


def add_to(app: typer.Typer) -> None:
    """Add this command with its verbs."""
    group = typer.Typer(help="Look at the links of a running lab, cut, heal and impair them.", no_args_is_help=True)
    group.command(name="list")(ending(show))
    for name, verb, does in _VERBS:
        group.command(name=name, help=does)(ending(_on_link(verb)))
    group.command()(ending(options.spelled(impair, _FIGURES, after="link")))
    app.add_typer(group, name="link")


def show(run: OF_RUN = None, json: JSON = False) -> None:
    """List the links, each direction as it is now."""
    with open_lab.attached(run) as live:
        _print(live.links(), json)


def _on_link(verb: Callable[..., Sequence[DirectionNow]]) -> Callable[..., None]:
    """Return the command of a verb without figures."""

    def command(link: LINK = None, leaving: LEAVING = None, run: OF_RUN = None, json: JSON = False) -> None:
        with open_lab.in_turn(run) as live:
            _print(verb(live, link, leaving=leaving), json)

    return command


def impair(
    link: LINK = None, leaving: LEAVING = None, run: OF_RUN = None, json: JSON = False, **figures: str | None
) -> None:
    """Replace what the link does to packets as a whole: what is not said is not done any more."""
    fields = words.impairment(figures, "--")
    with open_lab.in_turn(run) as live:
        _print(live.impair(link, leaving=leaving, **fields), json)


def _print(found: Sequence[DirectionNow], json: bool) -> None:
    lines = (f"{each.link}: {each.leaving} → {each.reaching} {each.state}, {each.impairment}" for each in found)
    options.show([each.to_dict() for each in found], lines, json)
