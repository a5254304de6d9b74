"""How the instances of one broker are while steps are gone through: which run, and which one is active. Pure."""

from __future__ import annotations

from lab.declare.steps.broker import OnBroker, OnInstance, State
from lab.declare.steps.reboot import Reboot
from lab.declare.steps.resume import Resume
from lab.declare.steps.start import Start


class Instances:
    """One broker's instances, all running and the first one active, or none of them there yet."""

    def __init__(self, broker: str, numbers: tuple[int, ...], *, later: bool) -> None:
        self._broker = broker
        self._states = dict.fromkeys(numbers, State.ABSENT if later else State.UP)
        self._active = numbers[0]

    @property
    def single(self) -> bool:
        """Return whether there is one only."""
        return len(self._states) == 1

    @property
    def missing(self) -> State | None:
        """Return why the whole broker is not there, or None where it is."""
        gone = (State.ABSENT, State.DELETED)
        return next((state for state in self._states.values() if state in gone), None)

    def name(self, number: int) -> str:
        """Name an instance for people."""
        return self._broker if self.single or self.missing else f"instance {number} of {self._broker}"

    def state(self, number: int) -> State:
        """Return the state of an instance."""
        return self._states[number]

    def meant(self, step: OnBroker) -> tuple[int, ...]:
        """Return the instance that a step is about; both where it might be either one of two."""
        numbers = tuple(self._states)
        named = step.instance if isinstance(step, OnInstance) else None
        if named in ("1", "2"):
            return (int(named),)
        if named is None and not self.single and isinstance(step, Start | Resume):
            wanted = State.DOWN if isinstance(step, Start) else State.PAUSED
            return tuple(each for each in numbers if self._states[each] == wanted) or (self._active,)
        if named == "standby":
            return tuple(each for each in numbers if each != self._active)
        return (self._active,)

    def done(self, step: OnBroker, number: int, brings: State) -> None:
        """Note what a step has brought an instance to; where the active one has ended, another that runs takes over."""
        if brings == State.DELETED or self.missing:
            self._states = dict.fromkeys(self._states, brings)
        self._states[number] = brings
        if number == self._active and (brings == State.DOWN or isinstance(step, Reboot)):
            standing = [each for each, state in self._states.items() if state == State.UP and each != number]
            self._active = standing[0] if standing else number
        elif brings == State.UP and self._states[self._active] == State.DOWN:
            self._active = number
