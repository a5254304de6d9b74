"""What the steps that befall a broker do: an instance ends, starts, freezes; its connectors stop and start."""

from __future__ import annotations

from lab.declare.broker_steps import ConnectorStep, Kill, OnBroker, OnInstance, Pause, Reboot, Resume, Start, Stop
from lab.errors import BrokerError, PlanError
from lab.history import BrokerChanged
from lab.replay.outcome import Outcome, refused
from lab.replay.rehearsal import STARTED, Rehearsal

_STOPS_WITHIN = 20.0  # seconds that a reboot gives a broker to end by itself; measured: 1 to 2 s
FAILS_OVER_WITHIN = 60.0  # seconds until which one of two instances is active again


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
    if isinstance(step, ConnectorStep):
        rehearsal.record_of_lab(lab.change_connector(broker, step.name, step.do))
        return Outcome()
    instance = _meant(rehearsal, step)
    match step:
        case Stop():
            return _stop(rehearsal, broker, instance, step.within.total_seconds())
        case Kill():
            _off(rehearsal, broker, instance)
            rehearsal.record_of_lab(lab.kill(broker, instance))
        case Start():
            return _start(rehearsal, broker, instance, step.within.total_seconds())
        case Reboot():
            return _reboot(rehearsal, step, instance)
        case Pause():
            _off(rehearsal, broker, instance)
            rehearsal.record_of_lab(lab.pause(broker, instance))
        case Resume():
            rehearsal.record_of_lab(lab.resume(broker, instance))
            _on(rehearsal, broker, instance)
        case _:
            raise PlanError(f"nobody knows how to {step.verb}", "see ARCHITECTURE.md: to add a step")
    return Outcome()


def _meant(rehearsal: Rehearsal, step: OnBroker) -> int:
    """Give the instance that a step is about; where that is the active one of a pair, wait until there is one."""
    numbers = rehearsal.numbers(step.broker)
    named = step.instance if isinstance(step, OnInstance) else None
    if len(numbers) == 1:
        return numbers[0]
    if named in ("1", "2"):
        return int(named)
    if named is None and isinstance(step, Start | Resume):
        return next((each for each in numbers if (step.broker, each) in rehearsal.off), numbers[0])
    active = _active(rehearsal, step.broker)
    return next(each for each in numbers if each != active) if named == "standby" else active


def _active(rehearsal: Rehearsal, broker: str) -> int:
    rehearsal.wait(lambda: rehearsal.lab.active(broker) is not None, FAILS_OVER_WITHIN)
    if (active := rehearsal.lab.active(broker)) is None:
        raise BrokerError(f"no instance of broker {broker} has become active within {FAILS_OVER_WITHIN:g} s")
    return active


def _off(rehearsal: Rehearsal, broker: str, instance: int) -> None:
    rehearsal.off.add((broker, instance))


def _on(rehearsal: Rehearsal, broker: str, instance: int) -> None:
    rehearsal.off.discard((broker, instance))


def _reboot(rehearsal: Rehearsal, step: Reboot, instance: int) -> Outcome:
    """Stop and start a broker; of a pair each instance, the standby first, so that it takes over with what is new."""
    broker, within = step.broker, step.within.total_seconds()
    standbys = [each for each in rehearsal.numbers(broker) if each != instance and (broker, each) not in rehearsal.off]
    done = []
    for each in standbys:
        done += [_stop(rehearsal, broker, each, _STOPS_WITHIN), _start(rehearsal, broker, each, within)]
    done.append(_stop(rehearsal, broker, instance, _STOPS_WITHIN))
    if standbys:
        _active(rehearsal, broker)  # or the one that has just ended might be quicker to get the store's lock again
    rehearsal.wait(lambda: False, step.downtime.total_seconds())
    done.append(_start(rehearsal, broker, instance, within))
    return next((each for each in reversed(done) if not each.ok), Outcome())


def _stop(rehearsal: Rehearsal, broker: str, instance: int, within: float) -> Outcome:
    _off(rehearsal, broker, instance)
    rehearsal.record(_changed(rehearsal, broker, instance, "stopping"))
    changed = rehearsal.lab.stop(broker, within=within, instance=instance)
    rehearsal.record_of_lab(changed)
    if changed.state == "killed":
        return Outcome(ok=False, note=f"it had not ended within {within:g} s, and was killed")
    return Outcome()


def _start(rehearsal: Rehearsal, broker: str, instance: int, within: float) -> Outcome:
    """Start an instance and wait until its endpoints listen, or it could take over from the active one."""
    begun = rehearsal.now()
    rehearsal.record_of_lab(rehearsal.lab.start(broker, instance))
    if rehearsal.wait(lambda: rehearsal.lab.started(broker, instance), within):
        _on(rehearsal, broker, instance)
        rehearsal.record(_changed(rehearsal, broker, instance, "started"))
        return Outcome()
    rehearsal.late.add((broker, instance))  # its log will tell when it has started after all
    told = [line for line in tuple(rehearsal.log) if line.name == STARTED and line.t >= begun]
    if any(rehearsal.comes_late(line) for line in told):
        return Outcome()  # it came just now
    rehearsal.trouble(f"broker {broker}", f"it had not started within {within:g} s")
    return Outcome(ok=False, note=f"it had not started within {within:g} s")


def _changed(rehearsal: Rehearsal, broker: str, instance: int, state: str) -> BrokerChanged:
    if len(rehearsal.numbers(broker)) == 1:
        return BrokerChanged(t=rehearsal.now(), broker=broker, state=state)
    standby = rehearsal.lab.active(broker) not in (None, instance)
    return BrokerChanged(t=rehearsal.now(), broker=broker, state=state, instance=instance, standby=standby)
