"""A broker that comes in the middle, and one that goes: its record in the account. The lab makes and removes the rest.

A plan knows every broker from the beginning, so a record that comes later is kept ready beside the account.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from lab.amazonmq import account_brokers as verbs
from lab.amazonmq.broker_record import BrokerState
from lab.amazonmq.refusals import conflict
from lab.operating.control import Control, Done, seen_of


def begin_creation(control: Control, broker: str, at: datetime, *, t: float) -> Done:
    """Order the creation of a broker that the plan has for later: it is CREATION_IN_PROGRESS."""
    account = control.account
    for record, configuration in control.later:
        if record.name == broker:
            made = replace(record, state=BrokerState.CREATION_IN_PROGRESS, created=account.now(at))
            account = account.with_configuration(configuration).with_broker(made)
            left = tuple(each for each in control.later if each[0] is not record)
            return Done(control=replace(control, account=account, later=left), seen=(seen_of(made, t),))
    raise conflict(f"the lab has no broker {broker} that is still to be created", "declare it with later: yes")


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
