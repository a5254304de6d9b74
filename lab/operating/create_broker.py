"""The creation of a broker while the lab runs: its record in the account, and its first start.

A plan knows every broker from the beginning, so the account keeps the record of a later one aside.
"""

from __future__ import annotations

from dataclasses import replace

from lab.amazonmq.account import brokers as verbs
from lab.amazonmq.account.account import Account
from lab.declare.steps.create_broker import CreateBroker
from lab.errors import InputError, LabError
from lab.history import BrokerChanged
from lab.operating import operations
from lab.operating.control_plane import ControlPlane
from lab.operating.instances import numbers, start
from lab.operating.outcome import Done, record_seen
from lab.operating.record import keep
from lab.plan.control import Control
from lab.plan.values import Plan


def do_create_broker(plane: ControlPlane, verb: CreateBroker, *, resumed: bool = False) -> Done:
    """Create a broker that the plan has for later, and return when its endpoints listen.

    The first instance of a pair is started first, and becomes the active one. A broker that does not start is
    CREATION_FAILED. Set `resumed` for a creation that was interrupted, whose broker is CREATION_IN_PROGRESS.
    """
    name, within = _declared(plane.control.account, plane.plan, verb.broker), verb.within.total_seconds()
    if not resumed:
        begin_creation(plane, name)
    try:
        late = [start(plane, name, number, within, "creation").failed for number in numbers(plane, name)]
    except LabError:
        keep(plane, name, lambda control: verbs.creation_failed(control.account, name))
        raise
    if any(late):  # it is CREATION_IN_PROGRESS until all of it runs
        return Done(control=plane.control, failed=next(filter(None, late)))
    return finish_creation(plane, name)


operations.register(CreateBroker)(do_create_broker)  # which has one parameter more


def begin_creation(plane: ControlPlane, broker: str) -> None:
    """Begin the creation of a broker that the plan has for later: it is CREATION_IN_PROGRESS."""
    name = _declared(plane.control.account, plane.plan, broker)
    plane.change(lambda control: _begun(control, plane, name))


def finish_creation(plane: ControlPlane, broker: str) -> Done:
    """End the creation of a broker that has started: its state becomes RUNNING."""
    done = keep(plane, broker, lambda control: verbs.broker_created(control.account, broker))
    plane.record(BrokerChanged(t=plane.lab.clock.now(), broker=broker, state="created"))
    return done


def _begun(control: Control, plane: ControlPlane, broker: str) -> Done:
    t, account = (
        plane.lab.clock.now(),
        verbs.begin_creation(control.account, broker, control.account.now(plane.machine)),
    )
    observations = (BrokerChanged(t=t, broker=broker, state="creating"), record_seen(account.broker(broker), t))
    return Done(control=replace(control, account=account), observations=observations)


def _declared(account: Account, plan: Plan, broker: str) -> str:
    """Return the name of a broker; InputError if the topology declares none, or it was deleted: each is made once."""
    names = {each: its.name for its in plan.brokers for each in (its.name, its.broker_id)}
    left = verbs.still_to_be_created(account)
    if broker not in names:
        right = f"{left}\ndeclare another broker in the topology, with later: yes, and open the lab again"
        raise InputError.of(f"the topology of this lab declares no broker {broker}", right)
    known = {each.name for each in account.brokers} | {record.name for record, _ in account.later}
    if names[broker] not in known:
        right = "open another lab for a new broker: the service would give it another id and host name"
        raise InputError.of(f"the broker {names[broker]} was deleted, and a lab creates each broker only once", right)
    return names[broker]
