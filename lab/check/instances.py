"""The states of brokers' instances and connectors while the checks pass through the steps. Pure."""

from __future__ import annotations

from lab.check.context import Context
from lab.declare.scenario import Scenario
from lab.declare.steps.base import OnBroker, OnInstance, State, Step
from lab.errors import Problem


class Brokers:
    """The instances of every broker, after the steps so far."""

    def __init__(self, scenario: Scenario) -> None:
        self.named = {
            name: Instances(name, broker.deployment_mode.instances, later=broker.later)
            for name, broker in scenario.topology.brokers.items()
        }


class Connectors:
    """The connectors that the steps so far have stopped, each by its broker and its name."""

    def __init__(self, scenario: Scenario) -> None:
        self.stopped: set[tuple[str, str]] = set()
        self.uncertain: set[str] = set()  # brokers that a window may have rebooted, or of which a step fails

    def restart(self, broker: str) -> None:
        """Note that a broker starts, and its connectors with it."""
        self.stopped = {each for each in self.stopped if each[0] != broker}


class Instances:
    """The instances of one broker; at first all run and the first is active, or, with `later`, none is created."""

    def __init__(self, broker: str, numbers: tuple[int, ...], *, later: bool) -> None:
        self._broker = broker
        self._states = dict.fromkeys(numbers, State.ABSENT if later else State.UP)
        self._active = numbers[0]
        self.uncertain: set[int] = set()  # instances of which a step that fails may leave either state

    @property
    def single(self) -> bool:
        """Return whether the broker has one instance only."""
        return len(self._states) == 1

    @property
    def missing(self) -> State | None:
        """Return ABSENT or DELETED if the broker does not exist, or None if it does."""
        gone = (State.ABSENT, State.DELETED)
        return next((state for state in self._states.values() if state in gone), None)

    def name(self, number: int) -> str:
        """Return the name of an instance for people."""
        return self._broker if self.single or self.missing else f"instance {number} of {self._broker}"

    def state(self, number: int) -> State:
        """Return the state of an instance."""
        return self._states[number]

    def targets(self, step: OnBroker) -> tuple[int, ...]:
        """Return the number of the instance that a step is about; both if it could be either."""
        numbers = tuple(self._states)
        named = step.instance if isinstance(step, OnInstance) else None
        if named in ("1", "2"):
            return (int(named),)
        if isinstance(step, OnInstance) and named is None and not self.single and State.UP not in step.needs:
            return tuple(each for each in numbers if self._states[each] in step.needs) or (self._active,)
        if named == "standby":
            return tuple(each for each in numbers if each != self._active)
        return (self._active,)

    def apply(self, step: OnBroker, number: int, brings: State) -> None:
        """Set an instance to its state after a step; if the active instance ends, a running one becomes active."""
        (self.uncertain.add if step.fails else self.uncertain.discard)(number)
        if brings == State.DELETED or self.missing:
            self._states = dict.fromkeys(self._states, brings)
        self._states[number] = brings
        if number == self._active and (brings == State.DOWN or step.restarts):
            running = [each for each, state in self._states.items() if state == State.UP and each != number]
            self._active = running[0] if running else number
        elif brings == State.UP and self._states[self._active] == State.DOWN:
            self._active = number


def missing(context: Context, step: Step, instances: Instances) -> Problem:
    """Return the Problem that a step is about a broker that does not exist at that time."""
    right = (
        "put a create-broker step before it"
        if instances.missing == State.ABSENT
        else "put the step before its deletion"
    )
    broker = getattr(step, "broker", "")
    return context.wrong("broker", f"{broker} is {instances.missing} at this step, so {step.verb} is impossible", right)
