"""A step in one line, for people, and the destination it names."""

from __future__ import annotations

from lab import units
from lab.activemq.destinations import Addressed, destination_of
from lab.activemq.protocols import protocol
from lab.declare.steps.base import Step
from lab.declare.steps.broker import OnBroker, OnInstance
from lab.declare.steps.connect import Connect
from lab.declare.steps.connector import ConnectorStep
from lab.declare.steps.consume import Consume
from lab.declare.steps.create_broker import CreateBroker
from lab.declare.steps.cut import Cut
from lab.declare.steps.delete_broker import DeleteBroker
from lab.declare.steps.disconnect import Disconnect
from lab.declare.steps.end_traffic import EndTraffic
from lab.declare.steps.flap import Flap
from lab.declare.steps.heal import Heal
from lab.declare.steps.impair import Impair
from lab.declare.steps.link import OnLink
from lab.declare.steps.network import OnNetwork
from lab.declare.steps.publish import Publish
from lab.declare.steps.reboot import Reboot
from lab.declare.steps.reject import Reject
from lab.declare.steps.repeat import Repeat
from lab.declare.steps.service import OfService
from lab.declare.steps.snapshot import Snapshot
from lab.declare.steps.subscribe import Subscribe
from lab.declare.steps.together import Together
from lab.declare.steps.traffic import Traffic
from lab.declare.steps.try_ import Try
from lab.declare.steps.unsubscribe import Unsubscribe
from lab.declare.steps.wait import Wait
from lab.network.link import words
from lab.replay.network_wording import asked_of_network
from lab.replay.service_wording import asked_of_service
from lab.runtime.messages import Destination


def destination(step: Addressed) -> Destination:
    """Return the destination a step or a claim names."""
    return Destination.of(str(destination_of(step)))


def asked(step: Step) -> str:
    """Write what a step asks for."""
    match step:
        case Subscribe():
            return _listening(step)
        case Unsubscribe():
            return f"{step.client} unsubscribes"
        case Disconnect():
            return f"{step.client} disconnects"
        case Consume():
            return _taking(step)
        case Publish():
            return _sent(step, f"publish {step.count} ")
        case Traffic():
            return _sent(step, f"traffic {step.name} ")
        case EndTraffic():
            return f"end traffic {step.name}"
        case Wait():
            return _awaited(step)
        case Flap():
            down, up = units.format_duration(step.down), units.format_duration(step.up)
            return f"flap {_way(step)} {_times(step.times)}: cut for {down}, healed for {up}"
        case Together():
            return f"{units.several(len(step.steps), 'step')} at once"
        case Repeat():
            return f"{units.several(len(step.steps), 'step')}, {_times(step.times)} over"
        case Impair():
            return f"impair {_way(step)}: {words(step.impairment())}"
        case Cut() | Reject() | Heal():
            return f"{step.verb} {_way(step)}"
        case Reboot() if step.downtime:
            return f"reboot broker {step.broker}, {units.format_duration(step.downtime)} down"
        case ConnectorStep():
            return f"{step.do} connector {step.name} of {step.broker}"
        case OnInstance() if step.instance is not None:
            named = f"instance {step.instance}" if step.instance in ("1", "2") else f"the {step.instance} instance"
            return f"{step.verb} {named} of broker {step.broker}"
        case OfService():
            return asked_of_service(step)
        case CreateBroker() | DeleteBroker():
            return f"{step.verb.removesuffix('-broker')} broker {step.broker}"
        case OnBroker():
            return f"{step.verb} broker {step.broker}"
        case OnNetwork() | Try():
            return asked_of_network(step)
        case Connect():
            knowing = "" if step.password == "right" else ", with a wrong password"
            knowing += {"untrusted": ", not knowing the lab's CA", "wrong-name": ", by a wrong name"}.get(step.tls, "")
            return f"{step.client} tries to connect to {step.broker} over {step.over}{knowing}"
        case Snapshot():
            return f"take the snapshot {step.name}"
        case _:
            return step.verb


def _listening(step: Subscribe) -> str:
    words = f"{step.client} subscribes to {destination(step)} at {step.broker} over {step.over}"
    words += ", durable" if step.kept else ""
    words += f", where {step.selector}" if step.selector is not None else ""
    words += f", acknowledging by {step.ack}" if step.ack != "auto" else ""
    words += f", prefetch {step.prefetch}" if step.prefetch is not None else ""
    if step.reconnect is not None:
        words += f", comes back {units.format_duration(step.reconnect.after)} after a loss"
    return words


def _taking(step: Consume) -> str:
    words = f"{step.client} takes {step.count}"
    words += f" of {destination(step)} at {step.broker} over {step.over}" if step.queue is not None else ""
    return words + ("" if step.ack else " without acknowledging") + f", within {units.format_duration(step.within)}"


def _sent(step: Publish | Traffic, words: str) -> str:
    how = f"QoS {step.qos}" if protocol(step.over) == "mqtt" else "persistent" if step.persistent else "non-persistent"
    words += f"to {destination(step)} at {step.broker} over {step.over}, {how}"
    words += ", retained" if step.retained else ""
    words += f", group {step.group}" if step.group is not None else ""
    words += f", priority {step.priority}" if step.priority is not None else ""
    words += f", over after {units.format_duration(step.expiry)}" if step.expiry is not None else ""
    words += f", with {', '.join(step.headers)}" if step.headers else ""
    words += f", the body of {step.file.path}" if step.file is not None else ""
    words += f", {units.format_size(step.size)} each" if step.size is not None else ""
    words += f", {units.format_message_rate(step.rate)}" if step.rate is not None else ""
    if isinstance(step, Publish):
        return words + (f", one every {units.format_duration(step.every)}" if step.every is not None else "")
    words += " at random intervals" if step.spread == "exponential" else ""
    return words + (f", for {units.format_duration(step.duration)}" if step.duration is not None else "")


def _awaited(step: Wait) -> str:
    within = units.format_duration(step.within)
    match step.until:
        case None:
            return f"wait {units.format_duration(step.duration)}" if step.duration is not None else "wait"
        case "bridge-up":
            at = f" of {step.broker}" if step.broker is not None else ""
            return f"wait until the bridge of {step.connector}{at} is up, within {within}"
        case "demand":
            return f"wait until {step.broker} has demand for {destination(step)}, within {within}"
        case "queue-empty":
            return f"wait until {destination(step)} on {step.broker} is empty, within {within}"
        case "received":
            return f"wait until {step.client} has received {step.count}, within {within}"


def _times(times: int) -> str:
    return "once" if times == 1 else f"{times} times"


def _way(step: OnLink) -> str:
    return f"link {step.link}" + (f" leaving {step.leaving}" if step.leaving is not None else "")
