"""A broker's instances while a replay runs: which is active, and each of them stopped and started."""

from __future__ import annotations

from lab.errors import BrokerError
from lab.history import BrokerChanged
from lab.replay.outcome import Outcome
from lab.replay.rehearsal import STARTED, Rehearsal

FAILS_OVER_WITHIN = 60.0  # seconds until which one of two instances is active again


def active(rehearsal: Rehearsal, broker: str) -> int:
    """Return the active instance, waiting until there is one."""
    rehearsal.wait(lambda: rehearsal.lab.active(broker) is not None, FAILS_OVER_WITHIN)
    if (found := rehearsal.lab.active(broker)) is None:
        raise BrokerError(f"no instance of broker {broker} has become active within {FAILS_OVER_WITHIN:g} s")
    return found


def rebooted_last(rehearsal: Rehearsal, broker: str) -> int:
    """Return the instance that a reboot leaves to the end: the active one, or any where none runs that could be it."""
    if rehearsal.down(broker) and rehearsal.lab.active(broker) is None:
        stopped = rehearsal.off - rehearsal.ended  # by steps, and it is for steps to start them
        numbers = rehearsal.numbers(broker)
        return next((each for each in numbers if (broker, each) not in stopped), numbers[0])
    return active(rehearsal, broker)


def off(rehearsal: Rehearsal, broker: str, instance: int) -> None:
    """Note that an instance does not run."""
    rehearsal.off.add((broker, instance))


def on(rehearsal: Rehearsal, broker: str, instance: int) -> None:
    """Note that an instance runs."""
    rehearsal.off.discard((broker, instance))
    rehearsal.ended.discard((broker, instance))


def stop(rehearsal: Rehearsal, broker: str, instance: int, within: float) -> Outcome:
    """Stop an instance, and say so where it had to be killed."""
    off(rehearsal, broker, instance)
    rehearsal.record(_changed(rehearsal, broker, instance, "stopping"))
    changed = rehearsal.lab.stop(broker, within=within, instance=instance)
    rehearsal.record_of_lab(changed)
    if changed.state == "killed":
        return Outcome(ok=False, note=f"it had not ended within {within:g} s, and was killed")
    return Outcome()


def start(rehearsal: Rehearsal, broker: str, instance: int, within: float) -> Outcome:
    """Start an instance and wait until its endpoints listen, or it could take over from the active one."""
    begun = rehearsal.now()
    rehearsal.record_of_lab(rehearsal.lab.start(broker, instance))
    if rehearsal.wait(lambda: rehearsal.lab.started(broker, instance), within):
        on(rehearsal, broker, instance)
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
