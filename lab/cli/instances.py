"""Faults of the brokers of a running lab: kill, stop, start, pause and resume, each of one instance."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from lab.cli import options
from lab.cli.verb_command import command
from lab.declare.steps import STEPS
from lab.declare.steps.base import Step
from lab.history import BrokerChanged, ConnectorChanged
from lab.living.lab import Live
from lab.operating import Done


def show(done: Done, json: bool) -> None:
    """Print the changes that a verb made, each with its time on the lab's clock."""
    changes = [seen for seen in done.observations if isinstance(seen, BrokerChanged | ConnectorChanged)]
    options.show([{"t": each.t, **each.told()} for each in changes], _lines(changes), json)


def show_outcome(live: Live, verb: Step, done: Done, json: bool) -> None:
    """Print the changes that a verb made to a running lab."""
    show(done, json)


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


_on_instance = partial(command, show=show_outcome, arguments=["broker"])
VERBS = {
    verb: _on_instance(STEPS[verb], waits=verb in ("stop", "start"), example=f"mqlab broker {verb} tokyo")
    for verb in ("kill", "stop", "start", "pause", "resume")
}
