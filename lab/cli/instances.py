"""What befalls the brokers of a running lab: kill, stop, start, pause and resume, each of one instance."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Annotated

import typer

from lab.cli import open_lab, options
from lab.cli.open_lab import BROKER, OF_RUN
from lab.cli.options import JSON, QUIET
from lab.declare.steps import STEPS
from lab.history import BrokerChanged, ConnectorChanged
from lab.living import verb_arguments
from lab.operating import Done

INSTANCE = Annotated[
    str | None,
    typer.Option(
        "--instance",
        metavar="WHICH",
        help="Of a pair: 1, 2, active or standby; when left out, the active one, or the one to bring back.",
    ),
]
WITHIN = Annotated[str | None, typer.Option("--within", metavar="TIME", help="How long it is waited for.")]


def at_once(verb: str, does: str) -> Callable[..., None]:
    """Return the command of a verb that takes no time."""

    def command(broker: BROKER, instance: INSTANCE = None, run: OF_RUN = None, json: JSON = False) -> None:
        asked = verb_arguments.read(STEPS[verb], "--", broker=broker, instance=instance)
        with open_lab.in_turn(run) as live:
            show(live.do(asked), json)

    command.__doc__ = does
    return command


def waited_for(verb: str, does: str) -> Callable[..., None]:
    """Return the command of a verb that takes a while."""

    def command(
        broker: BROKER,
        instance: INSTANCE = None,
        within: WITHIN = None,
        run: OF_RUN = None,
        quiet: QUIET = False,
        json: JSON = False,
    ) -> None:
        asked = verb_arguments.read(STEPS[verb], "--", broker=broker, instance=instance, within=within)
        with open_lab.in_turn(run, quiet=quiet) as live:
            with options.progress(quiet).stage(asked.words()):
                done = live.do(asked)
            show(done, json)

    command.__doc__ = does
    return command


def show(done: Done, json: bool) -> None:
    """Print what a verb has changed, each with its moment of the lab's clock."""
    changes = [seen for seen in done.seen if isinstance(seen, BrokerChanged | ConnectorChanged)]
    options.show([{"t": each.t, **each.told()} for each in changes], _lines(changes), json)


def _lines(changes: list[BrokerChanged | ConnectorChanged]) -> Iterator[str]:
    for each in changes:
        match each:
            case BrokerChanged(instance=0):
                what = each.broker
            case BrokerChanged():
                what = (
                    f"instance {each.instance} of {each.broker}, {'the standby' if each.standby else 'the active one'},"
                )
            case ConnectorChanged():
                what = f"connector {each.connector} of {each.broker}"
        yield f"{each.t:.3f} s: {what} {each.state}"
