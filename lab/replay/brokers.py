"""What the steps that befall a broker do: its process ends, starts, freezes; its connectors stop and start."""

from __future__ import annotations

from lab.declare.broker_steps import ConnectorStep, Kill, OnBroker, Pause, Reboot, Resume, Start, Stop
from lab.errors import BrokerError, PlanError
from lab.history import BrokerChanged
from lab.replay.outcome import Outcome, refused
from lab.replay.rehearsal import Rehearsal

_STOPS_WITHIN = 20.0  # seconds that a reboot gives a broker to end by itself; measured: 1 to 2 s


def befall(rehearsal: Rehearsal, step: OnBroker) -> Outcome:
    """Do one step, and count from its end what is claimed to follow it."""
    rehearsal.last_begun[step.verb] = rehearsal.now()
    try:
        outcome = _befall(rehearsal, step)
    except BrokerError as error:
        outcome = refused(rehearsal, f"broker {step.broker}", error)
    rehearsal.last_change[step.verb] = rehearsal.now()
    return outcome


def _befall(rehearsal: Rehearsal, step: OnBroker) -> Outcome:
    lab, broker = rehearsal.lab, step.broker
    match step:
        case Stop():
            return _stop(rehearsal, broker, step.within.total_seconds())
        case Kill():
            rehearsal.down.add(broker)
            rehearsal.record_of_lab(lab.kill(broker))
        case Start():
            return _start(rehearsal, broker, step.within.total_seconds())
        case Reboot():
            stopped = _stop(rehearsal, broker, _STOPS_WITHIN)
            rehearsal.wait(lambda: False, step.downtime.total_seconds())
            started = _start(rehearsal, broker, step.within.total_seconds())
            return stopped if started.ok else started
        case Pause():
            rehearsal.down.add(broker)
            rehearsal.record_of_lab(lab.pause(broker))
        case Resume():
            rehearsal.record_of_lab(lab.resume(broker))
            rehearsal.down.discard(broker)
        case ConnectorStep():
            rehearsal.record_of_lab(lab.change_connector(broker, step.name, step.do))
        case _:
            raise PlanError(f"nobody knows how to {step.verb}", "see ARCHITECTURE.md: to add a step")
    return Outcome()


def _stop(rehearsal: Rehearsal, broker: str, within: float) -> Outcome:
    rehearsal.down.add(broker)
    rehearsal.record(BrokerChanged(t=rehearsal.now(), broker=broker, state="stopping"))
    changed = rehearsal.lab.stop(broker, within=within)
    rehearsal.record_of_lab(changed)
    if changed.state == "killed":
        return Outcome(ok=False, note=f"it had not ended within {within:g} s, and was killed")
    return Outcome()


def _start(rehearsal: Rehearsal, broker: str, within: float) -> Outcome:
    """Start a broker and wait until its endpoints listen."""
    rehearsal.record_of_lab(rehearsal.lab.start(broker))
    if not rehearsal.wait(lambda: rehearsal.lab.started(broker), within):
        rehearsal.trouble(f"broker {broker}", f"it had not started within {within:g} s")
        return Outcome(ok=False, note=f"it had not started within {within:g} s")
    rehearsal.down.discard(broker)
    rehearsal.record(BrokerChanged(t=rehearsal.now(), broker=broker, state="started"))
    return Outcome()
