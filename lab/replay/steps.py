"""What each verb does, told to a Rehearsal; `publish` has a file of its own.

What a broker does to a client becomes a Trouble and an outcome that is not ok; what the lab itself cannot do is raised.
"""

from __future__ import annotations

from collections.abc import Sequence

from lab.declare.broker_steps import OnBroker
from lab.declare.counter_claims import Snapshot
from lab.declare.scenario import Cut, Heal, Impair, Publish, Reject, Subscribe, Unsubscribe
from lab.declare.step import Step
from lab.declare.timed import EndTraffic, Flap, Wait
from lab.declare.vpc_steps import OnNetwork, Try
from lab.errors import BrokerError, LabTimeout, PlanError
from lab.history import Subscribed, Unsubscribed
from lab.network.link import Impairment, LinkState
from lab.replay.brokers import befall
from lab.replay.network import change_network, try_out
from lab.replay.outcome import Outcome, refused
from lab.replay.paths import carries, demanded_at
from lab.replay.publishing import publish
from lab.replay.rehearsal import Ear, Listener, Rehearsal
from lab.replay.traffic import end
from lab.replay.waiting import wait
from lab.replay.witnesses import take_snapshot
from lab.replay.wording import destination
from lab.runtime.base import Destination, Terms

DEMAND_WITHIN = 5.0  # seconds that a bridge may take to learn of a subscription; measured: 0.1 s and a round trip


def perform(rehearsal: Rehearsal, number: int, step: Step, later: Sequence[Step]) -> Outcome:
    """Do one step, knowing those that go on beside it or come later."""
    match step:
        case Subscribe():
            return _subscribe(rehearsal, number, step, later)
        case Unsubscribe():
            return _unsubscribe(rehearsal, step)
        case Publish():
            return publish(rehearsal, number, step)
        case Wait():
            return wait(rehearsal, step)
        case EndTraffic():
            return end(rehearsal, step)
        case Impair():
            return _change(rehearsal, step, step.impairment(), None)
        case Cut():
            return _change(rehearsal, step, None, LinkState.CUT)
        case Reject():
            return _change(rehearsal, step, None, LinkState.REJECT)
        case Heal():
            return _change(rehearsal, step, None, LinkState.OPEN)
        case Flap():
            return _flap(rehearsal, step)
        case OnBroker():
            return befall(rehearsal, step)
        case OnNetwork():
            return change_network(rehearsal, step)
        case Try():
            return try_out(rehearsal, step)
        case Snapshot():
            return take_snapshot(rehearsal, step.name)
        case _:
            raise PlanError(f"nobody knows how to {step.verb}", "see ARCHITECTURE.md: to add a step")


def _subscribe(rehearsal: Rehearsal, number: int, step: Subscribe, later: Sequence[Step]) -> Outcome:
    to = destination(step)
    listener = rehearsal.listeners.get(step.client)
    try:
        if listener is None:
            listener = _connect(rehearsal, step)
        listener.client.subscribe(Terms(destination=to, qos=step.qos))
    except (BrokerError, LabTimeout) as error:
        return refused(rehearsal, step.client, error)
    listener.destinations.append(to)
    rehearsal.record(
        Subscribed(
            t=rehearsal.now(),
            client=step.client,
            broker=step.broker,
            over=step.over,
            destination=str(to),
            step=number,
        )
    )
    rehearsal.last_change[step.verb] = rehearsal.now()
    return Outcome(note=_await_demand(rehearsal, step.broker, to, later))


def _connect(rehearsal: Rehearsal, step: Subscribe) -> Listener:
    ear = Ear(rehearsal, step.client)
    client = rehearsal.lab.connect(
        client=step.client,
        broker=step.broker,
        over=step.over,
        user=rehearsal.user(step.broker, step.user),
        events=ear,
    )
    rehearsal.closing.callback(client.close)
    rehearsal.ears.setdefault(step.client, []).append(ear)
    listener = rehearsal.listeners[step.client] = Listener(client=client, broker=step.broker)
    return listener


def _await_demand(rehearsal: Rehearsal, broker: str, to: Destination, later: Sequence[Step]) -> str:
    """Wait until brokers that will send there know of it, and say which do not; in vain where no link is open."""
    unaware = []
    end = rehearsal.now() + DEMAND_WITHIN
    for sender in demanded_at(rehearsal.plan, broker, str(to), later):
        hopeful = not rehearsal.down(sender) and carries(rehearsal.plan, sender, broker, rehearsal.links)
        present = _demand_comes(rehearsal, sender, to, end - rehearsal.now() if hopeful else 0.0)
        rehearsal.demand(sender, to, present=present)
        if not present:
            unaware.append(sender)
    return f"no demand on {', '.join(unaware)}" if unaware else ""


def _demand_comes(rehearsal: Rehearsal, broker: str, to: Destination, seconds: float) -> bool:
    try:
        return rehearsal.wait(lambda: rehearsal.lab.demand(broker, to), seconds)
    except (BrokerError, LabTimeout) as error:
        rehearsal.trouble(broker, f"cannot be asked for its demand: {error.what}")
        return False


def _unsubscribe(rehearsal: Rehearsal, step: Unsubscribe) -> Outcome:
    listener = rehearsal.listeners.pop(step.client, None)
    if listener is None:
        return Outcome(ok=False, note="it was not subscribed to anything")
    try:
        for each in listener.destinations:
            listener.client.unsubscribe(each)
            rehearsal.record(
                Unsubscribed(t=rehearsal.now(), client=step.client, broker=listener.broker, destination=str(each))
            )
    except (BrokerError, LabTimeout) as error:
        return refused(rehearsal, step.client, error)
    finally:
        listener.client.close()
    rehearsal.last_change[step.verb] = rehearsal.now()
    return Outcome()


def _flap(rehearsal: Rehearsal, step: Flap) -> Outcome:
    """Cut and heal in turns; every moment counts from the first cut, so that nothing drifts."""
    begin, down, up = rehearsal.now(), step.down.total_seconds(), step.up.total_seconds()
    for turn in range(step.times):
        rehearsal.wait(lambda: False, begin + turn * (down + up) - rehearsal.now())
        _change(rehearsal, step, None, LinkState.CUT)
        rehearsal.wait(lambda: False, begin + turn * (down + up) + down - rehearsal.now())
        _change(rehearsal, step, None, LinkState.OPEN)
    return Outcome()


def _change(
    rehearsal: Rehearsal,
    step: Impair | Cut | Reject | Heal | Flap,
    impairment: Impairment | None,
    state: LinkState | None,
) -> Outcome:
    rehearsal.last_begun[step.verb] = rehearsal.now()
    changes = rehearsal.lab.change_link(step.link, leaving=step.leaving, impairment=impairment, state=state)
    for changed in changes:
        rehearsal.record_of_lab(changed)
        if state is not None:
            rehearsal.links[changed.link, changed.leaving] = state
    rehearsal.last_change[step.verb] = rehearsal.now()
    return Outcome()
