"""replay: a recording, or a run's history, sent into a broker of a running lab."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

from lab.base.units import several
from lab.cli import open_lab, options
from lab.cli.client_options import USER
from lab.cli.open_lab import OF_RUN
from lab.cli.options import JSON
from lab.cli.verb_command import argument, option
from lab.declare.steps.replay import Replay

FILE = Annotated[Path, argument(Replay, "recording", "FILE")]
INTO = Annotated[str, option(Replay, "broker", metavar="BROKER")]
PACE = Annotated[str, option(Replay, "pace", metavar="PACE")]
OF = Annotated[str | None, option(Replay, "of")]
OVER = Annotated[str | None, option(Replay, "over")]
AT_LEAST = Annotated[str | None, option(Replay, "at_least")]


def replay(
    recording: FILE,
    into: INTO,
    pace: PACE = "original",
    of: OF = None,
    over: OVER = None,
    user: USER = None,
    at_least: AT_LEAST = None,
    run: OF_RUN = None,
    json: JSON = False,
) -> None:
    """Send the messages of a recording, or of a run, to a broker of a running lab.

    The lab's history records this as a replay step. Other commands may change the lab at the same time.

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
