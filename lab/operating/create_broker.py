"""The creation of a broker while the lab runs: its record in the account, and its first start.

A plan knows every broker from the beginning, so the record of a later one is kept in the Control beside the account.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from lab.amazonmq.account import brokers as verbs
from lab.amazonmq.account.broker_record import BrokerState
from lab.amazonmq.account.refusals import conflict
from lab.declare.steps.create_broker import CreateBroker
from lab.errors import InputError, LabError
from lab.history import BrokerChanged
from lab.operating.control_plane import ControlPlane
from lab.operating.done import Done, record_seen
from lab.operating.instances import numbers, start
from lab.plan.control import Control
from lab.plan.values import Plan


def begin_creation(control: Control, broker: str, at: datetime, *, t: float) -> Done:
    """Begin the creation of a broker that the plan has for later: its state becomes CREATION_IN_PROGRESS."""
    account = control.account
    if any(broker in (each.name, each.broker_id) for each in account.brokers):
        raise conflict(f"a broker named {broker} exists already", _not_created(control))
    for record, configuration in control.later:
        if broker in (record.name, record.broker_id):
            made = replace(record, state=BrokerState.CREATION_IN_PROGRESS, created=account.now(at))
            account = account.with_configuration(configuration).with_broker(made)
            left = tuple(each for each in control.later if each[0] is not record)
            seen = (BrokerChanged(t=t, broker=made.name, state="creating"), record_seen(made, t))
            return Done(control=replace(control, account=account, later=left), seen=seen)
    raise conflict(f"the lab has no broker {broker} that is still to be created", _not_created(control))


def finish_creation(control: Control, broker: str, *, t: float) -> Done:
    """End the creation of a broker that has started: its state becomes RUNNING."""
    account = verbs.broker_created(control.account, broker)
    seen = (record_seen(account.broker(broker), t), BrokerChanged(t=t, broker=broker, state="created"))
    return Done(control=replace(control, account=account), seen=seen)


def fail_creation(control: Control, broker: str, *, t: float) -> Done:
    """End the creation of a broker that has not started: it is CREATION_FAILED, and can only be deleted."""
    account = verbs.creation_failed(control.account, broker)
    return Done(control=replace(control, account=account), seen=(record_seen(account.broker(broker), t),))


def operate(plane: ControlPlane, verb: CreateBroker, *, resumed: bool = False) -> Done:
    """Create a broker that the plan has for later, and return when its endpoints listen.

    The first instance of a pair is started first, and becomes the active one. A broker that does not start is
    CREATION_FAILED. Set `resumed` for a creation that was interrupted, whose broker is CREATION_IN_PROGRESS.
    """
    name, within = _declared(plane.control, plane.plan, verb.broker), verb.within.total_seconds()
    if not resumed:
        plane.change(lambda control: begin_creation(control, name, plane.machine, t=plane.lab.clock.now()))
    try:
        for number in numbers(plane, name):
            if late := start(plane, name, number, within, "creation"):
                return Done(control=plane.control, failed=late)
    except LabError:
        plane.change(lambda control: fail_creation(control, name, t=plane.lab.clock.now()))
        raise
    return plane.change(lambda control: finish_creation(control, name, t=plane.lab.clock.now()))


def _declared(control: Control, plan: Plan, broker: str) -> str:
    """Return the name of a broker; InputError if the topology declares none, or it was deleted: each is made once."""
    names = {each: its.name for its in plan.brokers for each in (its.name, its.broker_id)}
    if broker not in names:
        right = (
            f"{_not_created(control)}\nanother one is declared in the topology, with later: yes, before the lab opens"
        )
        raise InputError.of(f"the topology of this lab declares no broker {broker}", right)
    known = {each.name for each in control.account.brokers} | {record.name for record, _ in control.later}
    if names[broker] not in known:
        right = "the service would give a new one another id and other names; open another lab for it"
        raise InputError.of(f"the broker {names[broker]} was deleted, and a lab makes each broker once", right)
    return names[broker]


def _not_created(control: Control) -> str:
    names = ", ".join(record.name for record, _ in control.later)
    return f"still to be created: {names or 'none; a topology declares one with later: yes'}"
