"""replay: a recording, or a run's history, sent into a broker of a running lab."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from lab.activemq.protocols import PROTOCOLS
from lab.cli import completion, open_lab, options
from lab.cli.client_options import USER
from lab.cli.open_lab import OF_RUN
from lab.cli.options import JSON
from lab.units import several


def replay(
    recording: Annotated[
        Path, typer.Argument(metavar="FILE", help="The recording, the history of a run, or a run folder.")
    ],
    into: Annotated[
        str,
        typer.Option(
            "--into", metavar="BROKER", help="The broker, by its name or its id.", autocompletion=completion.brokers
        ),
    ],
    pace: Annotated[
        str,
        typer.Option(
            "--pace",
            metavar="PACE",
            help="The speed: original, a multiple such as 10x, a rate such as 200/s, or `receipts` for the fastest.",
        ),
    ] = "original",
    of: Annotated[
        str | None,
        typer.Option(
            "--of", metavar="NAME", help="The broker in the recording whose messages are sent (default: the only one)."
        ),
    ] = None,
    over: Annotated[
        str | None,
        typer.Option(
            "--over", metavar="PROTOCOL", help=f"The protocol: {', '.join(PROTOCOLS)} (default: the recorded one)."
        ),
    ] = None,
    user: USER = None,
    at_least: Annotated[
        int | None,
        typer.Option(
            "--at-least",
            metavar="N",
            min=1,
            help="The minimum number of messages that the broker must accept (default: all).",
        ),
    ] = None,
    run: OF_RUN = None,
    json: JSON = False,
) -> None:
    """Send the messages of a recording, or of a run, to a broker of a running lab.

    The lab's history records it as the step replay. Other commands may change the lab at the same time.

    Example: mqlab replay orders.jsonl --into tokyo
    """
    from lab.living.replaying import replay_of  # here, since it brings all that replays

    verb = replay_of(recording, into, "--", pace=pace, of=of, over=over, user=user, at_least=at_least)
    with open_lab.attached(run, quiet=json) as live:
        try:
            sent = live.send(verb)
        except (KeyboardInterrupt, SystemExit) as error:
            options.warn_of_each(getattr(error, "__notes__", ()))
            raise
        told = {"run": live.run, "recording": str(recording), "broker": into, **asdict(sent)}
    what = f"{several(sent.messages, 'message')} of {recording} into {into}, step {sent.step}"
    options.show(told, [what + (f": {sent.note}" if sent.note else "")], json)
