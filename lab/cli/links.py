"""link: the ocean of a running lab, cut, healed and made worse by hand."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from pydantic import ValidationError

from lab.cli import attending, options
from lab.cli.attending import OF_RUN
from lab.cli.options import JSON, ending
from lab.declare.topology import ImpairmentFields
from lab.declare.wording import unknown
from lab.errors import InputError, Problem
from lab.network.link import Impairment, LinkState
from lab.plan import LinkPlan, Plan
from lab.runtime.emulation import link_now
from lab.runtime.emulation.link_now import DirectionNow

LINK = Annotated[str | None, typer.Argument(metavar="[LINK]", help="Its name; not needed where there is one only.")]
LEAVING = Annotated[
    str | None, typer.Option("--leaving", metavar="REGION", help="Only what leaves this region; both ways otherwise.")
]


def add_to(app: typer.Typer) -> None:
    """Add this command with its verbs."""
    group = typer.Typer(help="Look at the links of a running lab, cut, heal and impair them.", no_args_is_help=True)
    group.command(name="list")(ending(show))
    group.command()(ending(cut))
    group.command()(ending(heal))
    group.command()(ending(reject))
    group.command()(ending(impair))
    app.add_typer(group, name="link")


def show(run: OF_RUN = None, json: JSON = False) -> int:
    """List the links, each direction as it is now."""
    with attending.looked_at(run) as live:
        router = live.lab.router
        found = [way for link in live.lab.state.plan.links for way in link_now.look(router, link)]
    _tell(found, json)
    return 0


def cut(link: LINK = None, leaving: LEAVING = None, run: OF_RUN = None, json: JSON = False) -> int:
    """Drop every packet silently, as a broken cable does."""
    return _change(run, link, leaving, json, state=LinkState.CUT)


def heal(link: LINK = None, leaving: LEAVING = None, run: OF_RUN = None, json: JSON = False) -> int:
    """Let packets pass again, impaired as before."""
    return _change(run, link, leaving, json, state=LinkState.OPEN)


def reject(link: LINK = None, leaving: LEAVING = None, run: OF_RUN = None, json: JSON = False) -> int:
    """Answer every packet as a closed port would."""
    return _change(run, link, leaving, json, state=LinkState.REJECT)


def impair(
    link: LINK = None,
    delay: Annotated[str | None, typer.Option(metavar="TIME", help="Of every packet, one way: 80ms.")] = None,
    jitter: Annotated[str | None, typer.Option(metavar="TIME", help="How far the delay varies: 5ms.")] = None,
    distribution: Annotated[str | None, typer.Option(metavar="NAME", help="Of the jitter: normal or uniform.")] = None,
    correlation: Annotated[
        str | None, typer.Option(metavar="PERCENT", help="Of one packet's jitter with the one before: 25%.")
    ] = None,
    loss: Annotated[str | None, typer.Option(metavar="PERCENT", help="How many packets are lost: 1%.")] = None,
    rate: Annotated[str | None, typer.Option(metavar="RATE", help="So much passes and no more: 20mbit.")] = None,
    queue: Annotated[str | None, typer.Option(metavar="SIZE", help="So much waits for the rate: 64KiB.")] = None,
    queue_packets: Annotated[str | None, typer.Option(metavar="N", help="So many packets wait for the rate.")] = None,
    leaving: LEAVING = None,
    run: OF_RUN = None,
    json: JSON = False,
) -> int:
    """Replace what the link does to packets as a whole: what is not said is not done any more."""
    written = {
        "delay": delay,
        "jitter": jitter,
        "distribution": distribution,
        "correlation": correlation,
        "loss": loss,
        "rate": rate,
        "queue": queue,
        "queue-packets": queue_packets,
    }
    return _change(run, link, leaving, json, impairment=_impairment(written))


def _change(
    run: str | None,
    link: str | None,
    leaving: str | None,
    json: bool,
    *,
    impairment: Impairment | None = None,
    state: LinkState | None = None,
) -> int:
    with attending.attended(run) as live:
        lab = live.lab
        its = _meant(lab.state.plan, link, leaving)
        lab.change_link(its.name, leaving=leaving, impairment=impairment, state=state)
        found = link_now.look(lab.router, its)
    _tell(list(found), json)
    return 0


def _meant(plan: Plan, link: str | None, leaving: str | None) -> LinkPlan:
    names = [each.name for each in plan.links]
    if link is None and len(names) != 1:
        raise InputError.of("say which link", f"links of this lab: {', '.join(names) or 'none'}")
    if link is not None and link not in names:
        raise InputError([unknown("link", link, names, "links of this lab", None)])
    its = plan.link(link or names[0])
    regions = [way.leaving for way in its.directions]
    if leaving is not None and leaving not in regions:
        raise InputError([unknown("region", leaving, regions, f"regions of {its.name}", None)])
    return its


def _impairment(written: dict[str, str | None]) -> Impairment:
    """Read what was written as a topology's link is read, with the same refusals."""
    given = {key: value for key, value in written.items() if value is not None}
    if not given:
        raise InputError.of(
            "say what the link is to do to packets", "--delay 80ms, say; --delay 0 ends every impairment"
        )
    try:
        return ImpairmentFields.model_validate(given).impairment()
    except ValidationError as error:
        raise InputError([_problem(each) for each in error.errors(include_url=False)]) from error


def _problem(error: Any) -> Problem:
    option = "".join(f"--{each}: " for each in error["loc"][:1])
    if error["type"] == "enum":
        return Problem(what=f"{option}no such distribution", remedy=f"write {error['ctx']['expected']}")
    return Problem(what=option + str(error["msg"]).removeprefix("Value error, "))


def _tell(found: list[DirectionNow], json: bool) -> None:
    if json:
        options.print_json([each.to_dict() for each in found])
        return
    for each in found:
        typer.echo(f"{each.link}: {each.leaving} → {each.reaching} {each.state}, {each.impairment}")
