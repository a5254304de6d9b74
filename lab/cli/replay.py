"""replay: a recording, or a run's history, sent into a broker of a running lab."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from lab.base.units import several
from lab.cli import open_lab, options
from lab.cli.client_options import USER
from lab.cli.open_lab import OF_RUN
from lab.cli.options import JSON
from lab.cli.verb_command import field_argument, field_option
from lab.declare.steps.replay import Replay


def replay(
    recording: Path = field_argument(Replay, "recording", "FILE"),
    into: str = field_option(Replay, "broker", metavar="BROKER"),
    pace: str = field_option(Replay, "pace", metavar="PACE", default="original"),
    of: str | None = field_option(Replay, "of"),
    over: str | None = field_option(Replay, "over"),
    user: str | None = USER,
    at_least: str | None = field_option(Replay, "at_least"),
    run: str | None = OF_RUN,
    json: bool = JSON,
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
