"""link: the links of a running lab, cut, healed and impaired by hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from lab.cli import open_lab, options
from lab.cli.open_lab import OF_RUN
from lab.cli.options import JSON, ending
from lab.link.impairment import FIGURES
from lab.living import words
from lab.runtime.status import DirectionNow

LINK = Annotated[str | None, typer.Argument(metavar="[LINK]", help="Its name; not needed where there is one only.")]
LEAVING = Annotated[
    str | None, typer.Option("--leaving", metavar="REGION", help="Only what leaves this region; both ways otherwise.")
]

_FIGURES = {
    each.key.replace("-", "_"): Annotated[str | None, typer.Option(metavar=each.kind, help=each.about)]
    for each in FIGURES
}


def add_to(app: typer.Typer) -> None:
    """Add this command with its verbs."""
    group = typer.Typer(help="Look at the links of a running lab, cut, heal and impair them.", no_args_is_help=True)
    group.command(name="list")(ending(show))
    group.command()(ending(cut))
    group.command()(ending(heal))
    group.command()(ending(reject))
    group.command()(ending(options.spelled(impair, _FIGURES, after="link")))
    app.add_typer(group, name="link")


def show(run: OF_RUN = None, json: JSON = False) -> int:
    """List the links, each direction as it is now."""
    with open_lab.attached(run) as live:
        _print(live.links(), json)
    return 0


def cut(link: LINK = None, leaving: LEAVING = None, run: OF_RUN = None, json: JSON = False) -> int:
    """Drop every packet silently, as a broken cable does."""
    with open_lab.in_turn(run) as live:
        _print(live.cut(link, leaving=leaving), json)
    return 0


def heal(link: LINK = None, leaving: LEAVING = None, run: OF_RUN = None, json: JSON = False) -> int:
    """Let packets pass again, impaired as before."""
    with open_lab.in_turn(run) as live:
        _print(live.heal(link, leaving=leaving), json)
    return 0


def reject(link: LINK = None, leaving: LEAVING = None, run: OF_RUN = None, json: JSON = False) -> int:
    """Answer every packet as a closed port would."""
    with open_lab.in_turn(run) as live:
        _print(live.reject(link, leaving=leaving), json)
    return 0


def impair(
    link: LINK = None, leaving: LEAVING = None, run: OF_RUN = None, json: JSON = False, **figures: str | None
) -> int:
    """Replace what the link does to packets as a whole: what is not said is not done any more."""
    fields = words.impairment(figures, "--")
    with open_lab.in_turn(run) as live:
        _print(live.impair(link, leaving=leaving, **fields), json)
    return 0


def _print(found: Sequence[DirectionNow], json: bool) -> None:
    if json:
        options.print_json([each.to_dict() for each in found])
        return
    for each in found:
        options.say(f"{each.link}: {each.leaving} → {each.reaching} {each.state}, {each.impairment}")
