"""The control plane of an open lab, whose state is on file for all processes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta

from lab.declare.steps.base import State
from lab.errors import BrokerError, LabTimeout
from lab.history import BrokerChanged, Observation
from lab.operating import Done
from lab.operating.instances import new_state
from lab.plan.control import Control
from lab.plan.values import InstancePlan, Plan
from lab.runtime.lab import StandingLab
from lab.runtime.verb_owners import is_owned

_DOWN = "down"  # of an instance that had ended before a verb began to start it


class KeptControlPlane:
    """A lab and its Control, which is read from and written to the lab's note. The caller holds the lab's turn."""

    def __init__(self, lab: StandingLab, record: Callable[..., None]) -> None:
        self.lab, self._record = lab, record

    @property
    def plan(self) -> Plan:
        """Return the Plan of the lab as it is now."""
        return self.lab.note.plan

    @property
    def control(self) -> Control:
        """Return the service's records and the network as they are now."""
        return self.lab.note.control

    @property
    def machine(self) -> datetime:
        """Return the lab's date and time."""
        return self.lab.time

    @property
    def age(self) -> timedelta:
        """Return the time since the lab opened."""
        return self.machine - self.lab.note.opened

    @property
    def reboot_time(self) -> float:
        """Return the seconds that a reboot leaves a broker down, as the topology declares."""
        return self.lab.note.reboot_time

    def record(self, *observations: Observation, lasts: float = 0.0) -> None:
        """Record observations; an instance that has started or resumed is not out any more.

        For `lasts` seconds from then on the state of an instance is no sign that the verb was interrupted.
        """
        self._record(*observations)
        off, recorded = dict(self.lab.note.off), dict(self.lab.note.recorded)
        for each in observations:
            if isinstance(each, BrokerChanged):
                for name in off.keys() & self._names(each.broker, each.instance):
                    recorded[name] = each.state, each.t + lasts
                    if each.state in ("started", "resumed", "deleted"):
                        del off[name], recorded[name]
        self._keep_off(off, recorded)

    def change(self, verb: Callable[[Control], Done]) -> Done:
        """Call `verb` with the Control, write the result to the note and record the observations."""
        done = verb(self.control)
        self.lab.keep_control(done.control)
        self.record(*done.observations)
        return done

    def wait(self, until: Callable[[], bool], seconds: float) -> bool:
        """Wait for a condition."""
        return self.lab.clock.wait(until, seconds)

    def serving(self, broker: str) -> int | None:
        """Return the number of the active instance, or None."""
        return self.lab.instances.active(broker)

    def stopped(self, broker: str) -> Collection[int]:
        """Return the instances that a verb has taken out and that do not run."""
        off = self.lab.note.off
        numbers = (each.number for each in self.plan.broker(broker).instances if each.name in off)
        return tuple(each for each in numbers if self.lab.instances.state(broker, each) is not State.UP)

    def takes_out(self, broker: str, number: int) -> Callable[[], None]:
        """Write to the state file that an instance is out, before it is, so that no monitor takes that for a fault."""
        (name,) = self._names(broker, number)
        off, recorded, was = self.lab.note.off, self.lab.note.recorded, self.lab.instances.active(broker) == number
        before = off.get(name)
        if before is None and self.lab.instances.state(broker, number) is State.DOWN:
            recorded = {**recorded, name: (_DOWN, self.lab.clock.now())}
        self._keep_off({**off, name: was or before or False}, recorded)

        def forget() -> None:
            off, last = self.lab.note.off, self.lab.note.recorded.get(name)
            if name in off and before is not None:
                self._keep_off({**off, name: before}, self.lab.note.recorded)
            elif last is None or last[0] == _DOWN:  # otherwise its outcome is recorded later
                self._forget(name)

        return forget

    def record_found(self) -> None:
        """Record the states of instances that verbs have taken out, if no verb has recorded them.

        An instance may have started after its verb stopped waiting, or been switched from outside, for example.
        """
        for broker in self.plan.brokers:
            if is_owned(self.lab.note.run, broker.name, self.lab.note_folder):
                continue  # its verb goes on, and records
            for its in broker.instances:
                if its.name in self.lab.note.off:
                    self._record_found(broker.name, its)

    def _record_found(self, broker: str, instance: InstancePlan) -> None:
        off, recorded = self.lab.note.off, self.lab.note.recorded
        now, (last, until) = self.lab.instances.state(broker, instance.number), recorded.get(instance.name, (None, 0.0))
        if now is State.UP and last == "stopping" and self.lab.clock.now() < until:
            return  # the verb that stops it was interrupted, and it may be stopping
        serves = False
        if now is State.UP and last is not None:
            try:
                serves = self.lab.instances.started(broker, instance.number)
            except BrokerError:  # it has just ended, or does not answer
                now = self.lab.instances.state(broker, instance.number)
        states = _unrecorded(now, last, serves=serves)
        if states is None:
            self._forget(instance.name)
            return
        for state in states:
            standby = state in ("killed", "stopped", "paused") and not off[instance.name]
            self.record(new_state(self, broker, instance.number, state, standby=standby))

    def report_late(self, broker: str, number: int, *, since: float, within: float, action: str) -> str:
        """Raise LabTimeout; the instance is out until the history has its start."""
        (name,), off, recorded = self._names(broker, number), self.lab.note.off, self.lab.note.recorded
        if name not in off:
            off = {**off, name: self.lab.instances.active(broker) == number}
            self._keep_off(off, {**recorded, name: ("starting", since)})
        late = f"broker {broker} had not started within {within:g} s of its {action}"
        raise LabTimeout(late, f"see: mqlab logs {broker}")

    def _names(self, broker: str, number: int = 0) -> set[str]:
        """Return the name of an instance, or of all of a broker's."""
        return {each.name for each in self.plan.broker(broker).instances if number in (0, each.number)}

    def _forget(self, name: str) -> None:
        """Forget that an instance is out."""
        off, recorded = dict(self.lab.note.off), dict(self.lab.note.recorded)
        off.pop(name, None)
        recorded.pop(name, None)
        self._keep_off(off, recorded)

    def _keep_off(self, off: Mapping[str, bool], recorded: Mapping[str, tuple[str, float]]) -> None:
        if (off, recorded) != (self.lab.note.off, self.lab.note.recorded):
            self.lab.keep_off(off, recorded)

    def report_ended(self, broker: str, numbers: Sequence[int], why: str) -> None:
        """Do nothing: the instance that is started next has the same files, and fails in the same way."""


def _unrecorded(now: State, last: str | None, *, serves: bool) -> tuple[str, ...] | None:
    """Return the states to record of an instance that a verb took out; None if it is not out.

    `last` is its last state in the history since then, or "down" if it had ended before; `serves`: whether it serves.
    """
    match now, last:
        case (State.UP, None) | (State.DOWN, "down") | (State.ABSENT, _) | (State.DELETED, _):
            return None
        case State.UP, "paused":
            return ("resumed",)
        case State.UP, "killed" | "stopped" | "down":
            return ("starting", "started") if serves else ("starting",)
        case State.UP, _:
            return ("started",) if serves else ()
        case State.PAUSED, _:
            return () if last == "paused" else ("paused",)
        case State.DOWN, "killed" | "stopped":
            return ()
    return ("stopped",) if last in ("starting", "stopping") else ("killed",)
