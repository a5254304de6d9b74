"""A broker that comes in the middle, and one that goes: its record in the account, its first start, its removal.

A plan knows every broker from the beginning, so a record that comes later is kept ready beside the account. Each of
both verbs has a beginning and an end, for whoever has something to do in between; `create` and `delete` do all of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from lab.amazonmq.account import brokers as verbs
from lab.amazonmq.account.broker_record import BrokerState
from lab.amazonmq.account.refusals import conflict
from lab.errors import InputError, LabError
from lab.history import BrokerChanged, Observation
from lab.operating.brokers import STARTS_WITHIN, await_start
from lab.operating.done import Done, seen_of
from lab.plan.control import Control
from lab.plan.values import Plan
from lab.runtime.lab import Lab


def begin_creation(control: Control, broker: str, at: datetime, *, t: float) -> Done:
    """Order the creation of a broker that the plan has for later: it is CREATION_IN_PROGRESS."""
    account = control.account
    if any(broker in (each.name, each.broker_id) for each in account.brokers):
        raise conflict(f"a broker named {broker} exists already", _to_come(control))
    for record, configuration in control.later:
        if broker in (record.name, record.broker_id):
            made = replace(record, state=BrokerState.CREATION_IN_PROGRESS, created=account.now(at))
            account = account.with_configuration(configuration).with_broker(made)
            left = tuple(each for each in control.later if each[0] is not record)
            return Done(control=replace(control, account=account, later=left), seen=(seen_of(made, t),))
    raise conflict(f"the lab has no broker {broker} that is still to be created", _to_come(control))


def finish_creation(control: Control, broker: str, *, t: float) -> Done:
    """Say that a broker has started: it is RUNNING."""
    account = verbs.broker_created(control.account, broker)
    return Done(control=replace(control, account=account), seen=(seen_of(account.broker(broker), t),))


def begin_deletion(control: Control, broker: str, *, t: float) -> Done:
    """Order the deletion of a broker: it is DELETION_IN_PROGRESS."""
    account = verbs.delete_broker(control.account, broker)
    return Done(control=replace(control, account=account), seen=(seen_of(account.broker(broker), t),))


def finish_deletion(control: Control, broker: str) -> Done:
    """Say that nothing is left of a broker; its configuration stays."""
    return Done(control=replace(control, account=verbs.broker_deleted(control.account, broker)))


def fail_creation(control: Control, broker: str, *, t: float) -> Done:
    """Say that a broker has not started: it is CREATION_FAILED, and can only be deleted."""
    account = verbs.creation_failed(control.account, broker)
    return Done(control=replace(control, account=account), seen=(seen_of(account.broker(broker), t),))


def create(
    control: Control,
    lab: Lab,
    plan: Plan,
    broker: str,
    at: datetime,
    *,
    within: float = STARTS_WITHIN,
    keep: Callable[[Control], None] = lambda control: None,
    resumed: bool = False,
) -> Done:
    """Create a broker that the plan has for later, and return when it listens.

    Of a pair the first instance is started first, and is the active one. A broker that does not start is
    CREATION_FAILED. `keep` is given each Control on the way, so that a creation which was cut off can be `resumed`.
    """
    _declared(control, plan, broker)
    begun = Done(control=control) if resumed else begin_creation(control, broker, at, t=lab.clock.now())
    keep(begun.control)
    name = begun.control.account.broker(broker).name
    seen: list[Observation] = [BrokerChanged(t=lab.clock.now(), broker=name, state="creating"), *begun.seen]
    try:
        for its in plan.broker(name).instances:
            seen.append(lab.start(name, its.number))
            await_start(lab, name, its.number, within, "creation")
    except LabError:
        keep(fail_creation(begun.control, name, t=lab.clock.now()).control)
        raise
    finished = finish_creation(begun.control, name, t=lab.clock.now())
    keep(finished.control)
    seen.append(BrokerChanged(t=lab.clock.now(), broker=name, state="created"))
    return Done(control=finished.control, seen=(*seen, *finished.seen))


def delete(
    control: Control,
    lab: Lab,
    broker: str,
    *,
    keep: Callable[[Control], None] = lambda control: None,
) -> Done:
    """Delete a broker with its store, whatever its state; `keep` is given each Control on the way."""
    name = control.account.broker(broker).name
    begun = begin_deletion(control, name, t=lab.clock.now())
    keep(begun.control)
    gone = lab.delete(name)
    finished = finish_deletion(begun.control, name)
    keep(finished.control)
    return Done(control=finished.control, seen=(*begun.seen, gone))


def _declared(control: Control, plan: Plan, broker: str) -> None:
    """Refuse a name that nothing is declared for, and one that has gone: a lab makes each broker once."""
    names = {each: its.name for its in plan.brokers for each in (its.name, its.broker_id)}
    if broker not in names:
        right = f"{_to_come(control)}\nanother one is declared in the topology, with later: yes, before the lab opens"
        raise InputError.of(f"the topology of this lab declares no broker {broker}", right)
    known = {each.name for each in control.account.brokers} | {record.name for record, _ in control.later}
    if names[broker] not in known:
        right = "the service would give a new one another id and other names; open another lab for it"
        raise InputError.of(f"the broker {names[broker]} was deleted, and a lab makes each broker once", right)


def _to_come(control: Control) -> str:
    names = ", ".join(record.name for record, _ in control.later)
    return f"still to be created: {names or 'none; a topology declares one with later: yes'}"
