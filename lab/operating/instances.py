"""A broker's instances and connectors, switched one at a time, and recorded; and which instance a verb means."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from lab.declare.steps.base import OnInstance, State
from lab.declare.steps.instances import ConnectorStep, Kill, Pause, Resume, Start, Stop
from lab.errors import BrokerError, HostError
from lab.history import BrokerChanged
from lab.operating import operations
from lab.operating.control_plane import ControlPlane, Done

FAILS_OVER_WITHIN = 60.0  # seconds within which a standby must become the active instance


def stop(plane: ControlPlane, broker: str, number: int, within: float) -> Done:
    """Stop an instance. The stop fails if the instance does not end within `within` seconds and is killed."""
    stopping = new_state(plane, broker, number, "stopping")
    plane.record(stopping, lasts=within)
    try:
        changed = plane.lab.instances.stop(broker, within=within, instance=number)
    except BrokerError:  # after a HostError the next verb detects the instance's state
        with suppress(HostError):
            if plane.lab.instances.state(broker, number) is State.UP:
                plane.record(new_state(plane, broker, number, "started"))  # it still runs
        raise
    plane.record(changed)
    failed = f"it had not ended within {within:g} s, and was killed" if changed.state == "killed" else ""
    return Done(control=plane.control, observations=(stopping, changed), failed=failed)


def start(plane: ControlPlane, broker: str, number: int, within: float, action: str) -> Done:
    """Start an instance and wait until its endpoints listen, or it could take over.

    It has failed if that takes longer than `within` seconds; `action` names the verb in the words of that.
    """
    since = plane.lab.clock.now()
    starting = plane.lab.instances.start(broker, number)
    plane.record(starting)
    if not plane.wait(lambda: plane.lab.instances.started(broker, number), within):
        late = plane.report_late(broker, number, since=since, within=within, action=action)
        return Done(control=plane.control, observations=(starting,), failed=late)
    started = new_state(plane, broker, number, "started")
    plane.record(started)
    return Done(control=plane.control, observations=(starting, started))


@contextmanager
def taken_out(plane: ControlPlane, verb: OnInstance, number: int) -> Iterator[None]:
    """Record that the block takes an instance out; take that back if it is refused and changed nothing."""
    forget = plane.takes_out(verb.broker, number)
    try:
        yield
    except BrokerError:  # after a HostError the next verb detects the instance's state
        with suppress(HostError):
            if plane.lab.instances.state(verb.broker, number) in verb.needs:
                forget()
        raise


def switched(plane: ControlPlane, changed: BrokerChanged) -> Done:
    """Record an instance's new state, and return it as an outcome."""
    plane.record(changed)
    return Done(control=plane.control, observations=(changed,))


def target(plane: ControlPlane, verb: OnInstance) -> int:
    """Return the number of the instance that a verb means; for the active one of a pair, wait until there is one."""
    its, named = numbers(plane, verb.broker), verb.instance
    if len(its) == 1:
        return its[0]
    if named in ("1", "2"):
        return int(named)
    if named is None and verb.brings is State.UP:
        return next((each for each in its if plane.lab.instances.state(verb.broker, each) in verb.needs), its[0])
    found = active(plane, verb.broker)
    return next(each for each in its if each != found) if named == "standby" else found


def active(plane: ControlPlane, broker: str) -> int:
    """Return the active instance, waiting until there is one; raise BrokerError if none becomes active."""
    plane.wait(lambda: plane.lab.instances.active(broker) is not None, FAILS_OVER_WITHIN)
    if (number := plane.lab.instances.active(broker)) is None:
        raise BrokerError(f"no instance of broker {broker} has become active within {FAILS_OVER_WITHIN:g} s")
    return number


def numbers(plane: ControlPlane, broker: str) -> tuple[int, ...]:
    """Return the numbers of a broker's instances."""
    return tuple(each.number for each in plane.plan.broker(broker).instances)


def new_state(
    plane: ControlPlane, broker: str, number: int, state: str, *, t: float | None = None, standby: bool = False
) -> BrokerChanged:
    """Return an instance's new state as an observation, at `t` or now. Only an instance of a pair has its number.

    It is a standby if another instance is active, or with `standby`, if it was one.
    """
    t = plane.lab.clock.now() if t is None else t
    if len(numbers(plane, broker)) == 1:
        return BrokerChanged(t=t, broker=broker, state=state)
    standby = standby or plane.lab.instances.active(broker) not in (None, number)
    return BrokerChanged(t=t, broker=broker, state=state, instance=number, standby=standby)


@operations.register(Stop)
def do_stop(plane: ControlPlane, verb: Stop) -> Done:
    """Ask the instance to end; the verb has failed if it had to be killed."""
    number = target(plane, verb)
    with taken_out(plane, verb, number):
        return stop(plane, verb.broker, number, verb.within.total_seconds())


@operations.register(Kill, Pause)
def do_kill_or_pause(plane: ControlPlane, verb: Kill | Pause) -> Done:
    """Kill or freeze the instance's process, which serves no client from then on."""
    number, instances = target(plane, verb), plane.lab.instances
    with taken_out(plane, verb, number):
        return switched(plane, (instances.kill if isinstance(verb, Kill) else instances.pause)(verb.broker, number))


@operations.register(Start)
def do_start(plane: ControlPlane, verb: Start) -> Done:
    """Start the instance; wait until its endpoints listen, or, of a pair, until it is ready to take over."""
    number = target(plane, verb)
    with taken_out(plane, verb, number):  # one that has ended by itself is not out by a verb yet
        return start(plane, verb.broker, number, verb.within.total_seconds(), verb.verb)


@operations.register(Resume)
def do_resume(plane: ControlPlane, verb: Resume) -> Done:
    """Let the instance's process continue."""
    return switched(plane, plane.lab.instances.resume(verb.broker, target(plane, verb)))


@operations.register(ConnectorStep)
def do_connector(plane: ControlPlane, verb: ConnectorStep) -> Done:
    """Stop or start the connector over the broker's JMX."""
    changed = plane.lab.management.change_connector(verb.broker, verb.name, verb.do)
    plane.record(changed)
    return Done(control=plane.control, observations=(changed,))
