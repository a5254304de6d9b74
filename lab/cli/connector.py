"""connector: the network connectors of a running lab's brokers, stopped and started by hand."""

from __future__ import annotations

from functools import partial

from lab.cli.instances import show_outcome
from lab.cli.verb_command import command
from lab.declare.steps.instances import ConnectorStep

_on_connector = partial(
    command, ConnectorStep, show_outcome, arguments=["broker", "name"], spelled={"name": "CONNECTOR"}
)
VERBS = {
    "stop": _on_connector(
        do="stop",
        about="Stop a network connector over its broker's JMX; its bridges close.",
        example="mqlab connector stop tokyo connector_tokyo_to_singapore",
    ),
    "start": _on_connector(
        do="start",
        about="Start a network connector that was stopped.",
        example="mqlab connector start tokyo connector_tokyo_to_singapore",
    ),
}
