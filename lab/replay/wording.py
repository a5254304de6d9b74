"""A step in one line, for people, and the destination it names."""

from __future__ import annotations

from lab import units
from lab.declare.counter_claims import Snapshot
from lab.declare.destinations import Addressed, destination_of
from lab.declare.scenario import Cut, Heal, Impair, Publish, Reject, Step, Subscribe, Unsubscribe, Wait
from lab.runtime.base import Destination


def destination(step: Addressed) -> Destination:
    """Give the destination a step or a claim names."""
    kind, _, name = str(destination_of(step)).partition("://")
    return Destination(kind=kind, name=name)


def asked(step: Step) -> str:
    """Write what a step asks for."""
    match step:
        case Subscribe():
            return f"{step.client} subscribes to {destination(step)} at {step.broker} over {step.over}"
        case Unsubscribe():
            return f"{step.client} unsubscribes"
        case Publish():
            return _published(step)
        case Wait():
            return f"wait {units.format_duration(step.duration)}"
        case Impair():
            return f"impair {_way(step)}: {step.impairment()}"
        case Cut() | Reject() | Heal():
            return f"{step.verb} {_way(step)}"
        case Snapshot():
            return f"take the snapshot {step.name}"
        case _:
            return step.verb


def _published(step: Publish) -> str:
    how = f"QoS {step.qos}" if step.over == "mqtt" else "persistent" if step.persistent else "non-persistent"
    words = f"publish {step.count} to {destination(step)} at {step.broker} over {step.over}, {how}"
    words += ", retained" if step.retained else ""
    words += f", {units.format_size(step.size)} each" if step.size is not None else ""
    return words + (f", one every {units.format_duration(step.every)}" if step.every is not None else "")


def _way(step: Impair | Cut | Reject | Heal) -> str:
    return f"link {step.link}" + (f" leaving {step.leaving}" if step.leaving is not None else "")
