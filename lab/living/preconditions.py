"""The state of a broker that a verb on its instance, or on its connector, needs: else it is refused before it begins.

A scenario's steps are checked for it before the lab opens; an open lab is asked.
"""

from __future__ import annotations

from collections.abc import Mapping

from lab.amazonmq.account.broker_record import BrokerState
from lab.base.suggestions import unknown
from lab.declare.steps.base import OnBroker, OnInstance, State, Step
from lab.declare.steps.instances import ConnectorStep
from lab.errors import InputError
from lab.operating import ControlPlane
from lab.operating.instances import numbers, target
from lab.operating.reboot import current_text

_RUNS = (State.UP, State.PAUSED)


def check(plane: ControlPlane, verb: Step) -> None:
    """Raise InputError if a broker is not as a verb on its instance, or on its connector, needs it."""
    if not isinstance(verb, OnInstance | ConnectorStep):
        return
    record = plane.control.account.broker(verb.broker)
    broker = record.name
    if record.state is BrokerState.CREATION_FAILED:
        what = f"{broker} is {record.state}, so there is nothing to {verb.action}"
        raise InputError.of(what, f"mqlab broker delete {broker}")
    verb = verb.model_copy(update={"broker": broker})
    states = {number: plane.lab.instances.state(broker, number) for number in numbers(plane, broker)}
    if isinstance(verb, ConnectorStep):
        _check_connector(plane, verb, states)
    else:
        _check_instance(plane, verb, states)


def _check_connector(plane: ControlPlane, verb: ConnectorStep, states: Mapping[int, State]) -> None:
    account, broker = plane.control.account, verb.broker
    connectors = current_text(account, account.broker(broker)).configuration.connectors
    names = list(dict.fromkeys(each.name for each in connectors))
    if verb.name not in names:
        raise InputError([unknown("connector", verb.name, names, f"connectors of {broker}", None)])
    if State.UP not in states.values():
        raise _in_vain(broker, next(iter(states.values())), verb)


def _check_instance(plane: ControlPlane, verb: OnInstance, states: Mapping[int, State]) -> None:
    broker = verb.broker
    if len(states) == 1 and verb.instance is not None:
        raise InputError.of(f"{broker} has only one instance", "leave the instance out")
    if len(states) > 1:
        active = plane.serving(broker)  # also for a named instance: the history records which instance is the standby
        if verb.instance not in ("1", "2"):
            _check_choice(verb, states, active)
    number = target(plane, verb)
    if (state := states[number]) not in verb.needs:
        raise _in_vain(broker, state, verb, 0 if len(states) == 1 else number)


def _check_choice(verb: OnInstance, states: Mapping[int, State], active: int | None) -> None:
    """Raise InputError if it is not clear which instance of a pair is meant, or which instance is active."""
    which = "name the instance: instance 1, or instance 2"
    if verb.instance is None and verb.brings is State.UP:
        found = [state for state in states.values() if state in verb.needs]
        if len(found) > 1:
            raise InputError.of(f"both instances of {verb.broker} are {found[0]}", which)
        if not found:
            raise _none_to(verb, states)
    elif not any(state in _RUNS for state in states.values()):
        if verb.brings is State.UP and State.DOWN in states.values():
            raise InputError.of(f"no instance of {verb.broker} is active", which)
        raise _in_vain(verb.broker, next(iter(states.values())), verb)
    elif State.PAUSED in states.values() and active is None:
        what = f"the active instance of {verb.broker} is unknown: one instance is paused, and the other does not serve"
        raise InputError.of(what, which)


def _none_to(verb: OnInstance, states: Mapping[int, State]) -> InputError:
    """Return the refusal of a verb that no instance of a pair is in a state for."""
    found = set(states.values())
    if found == {verb.brings}:
        what = f"both instances of {verb.broker} are {verb.brings} already"
    else:
        what = f"no instance of {verb.broker} is {verb.needs[0]}, so there is nothing to {verb.action}"
    return InputError.of(what, "read the states of both instances: mqlab status")


def _in_vain(broker: str, state: State, verb: OnBroker, number: int = 0) -> InputError:
    """Return the refusal of a verb on a broker or an instance that is not in a state that the verb needs."""
    does = next(iter(verb.ways_out(state)[-1:]), "").removesuffix("-broker")
    of_pair = f" --instance {number}" if number and does != "create" else ""
    remedy = f"mqlab broker {does} {broker}{of_pair}" if does else ""
    rest = " already" if state is verb.brings else f", so there is nothing to {verb.action}"
    return InputError.of(f"{f'instance {number} of ' if number else ''}{broker} is {state}{rest}", remedy)
