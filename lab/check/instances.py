"""How the instances of one broker are while steps are gone through: which run, and which one is active. Pure."""

from __future__ import annotations

from lab.check.context import Context
from lab.declare.scenario import Scenario
from lab.declare.steps.base import Step
from lab.declare.steps.broker import OnBroker, OnInstance, State
from lab.declare.steps.connector import ConnectorStep
from lab.errors import Problem


class Brokers:
    """The instances of every broker, as the steps leave them."""

    def __init__(self, scenario: Scenario) -> None:
        self.named = {
            name: Instances(name, broker.deployment_mode.instances, later=broker.later)
            for name, broker in scenario.topology.brokers.items()
        }


class Connectors:
    """Which connectors the steps have stopped, each by its broker and its name."""

    def __init__(self, scenario: Scenario) -> None:
        self.stopped: set[tuple[str, str]] = set()
        self.uncertain: set[str] = set()  # brokers that may have been rebooted since

    def started(self, broker: str) -> None:
        """Forget what was stopped: a broker that starts starts its connectors."""
        self.stopped = {each for each in self.stopped if each[0] != broker}


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
        if isinstance(step, OnInstance) and named is None and not self.single and State.UP not in step.needs:
            return tuple(each for each in numbers if self._states[each] in step.needs) or (self._active,)
        if named == "standby":
            return tuple(each for each in numbers if each != self._active)
        return (self._active,)

    def done(self, step: OnBroker, number: int, brings: State) -> None:
        """Note what a step has brought an instance to; where the active one has ended, another that runs takes over."""
        if brings == State.DELETED or self.missing:
            self._states = dict.fromkeys(self._states, brings)
        self._states[number] = brings
        if number == self._active and (brings == State.DOWN or step.restarts):
            standing = [each for each, state in self._states.items() if state == State.UP and each != number]
            self._active = standing[0] if standing else number
        elif brings == State.UP and self._states[self._active] == State.DOWN:
            self._active = number


def missing(context: Context, step: Step, its: Instances) -> Problem:
    """Return the Problem that a step is about a broker that is not there."""
    right = "put a create-broker step before it" if its.missing == State.ABSENT else "put the step before its deletion"
    broker = getattr(step, "broker", "")
    return context.wrong("broker", f"{broker} is {its.missing} here, so there is nothing to {doing(step)}", right)


def doing(step: Step) -> str:
    """Return what is done, in the words of "there is nothing to …"."""
    return f"{step.do} a connector on" if isinstance(step, ConnectorStep) else step.verb.removesuffix("-broker")
