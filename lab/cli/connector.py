"""connector: the network connectors of a running lab's brokers, stopped and started by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import typer

from lab.cli import completion, open_lab
from lab.cli.instances import show
from lab.cli.open_lab import BROKER, OF_RUN
from lab.cli.options import JSON
from lab.declare.steps.connector import ConnectorStep
from lab.living import verb_arguments

CONNECTOR = Annotated[
    str,
    typer.Argument(
        metavar="CONNECTOR", help="Its name in the broker's configuration.", autocompletion=completion.connectors
    ),
]


def _doing(do: str, does: str) -> Callable[..., None]:
    """Return the command that stops or starts a connector."""

    def command(broker: BROKER, connector: CONNECTOR, run: OF_RUN = None, json: JSON = False) -> None:
        verb = verb_arguments.read(ConnectorStep, broker=broker, name=connector, do=do)
        with open_lab.in_turn(run) as live:
            show(live.do(verb), json)

    command.__doc__ = does
    return command


VERBS = {
    "stop": _doing("stop", "Stop a network connector, as in the broker's JMX: its bridges end."),
    "start": _doing("start", "Start a network connector that was stopped."),
}
